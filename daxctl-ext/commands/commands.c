// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "device/policy.h"
#include "upstream/forward.h"

int out_of_memory(void)
{
	fprintf(stderr, "daxctl: out of memory\n");
	return status_of_errno(-ENOMEM);
}

int wrong_usage(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "daxctl %s: error: ", command);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nTry 'daxctl %s -h' or 'daxctl help %s'.\n", command, command);
	va_end(args);
	return STATUS_USAGE;
}

int wrong_target(const char *command, const struct dax_targets *targets, const char *wrong)
{
	if (wrong == targets->regions)
		return wrong_usage(
			command,
			"'%.40s' is not a list of regions; give ids such as 0 or region0, "
			"separated by spaces, or all",
			wrong);
	return wrong_usage(command, "'%.40s' is not the name of a dax device, such as dax0.0",
			   wrong);
}

void print_problem(const char *device, const char *what, const struct problem *problem)
{
	fprintf(stderr, "%s: %s: %s\n", device, what, problem->text);
	if (problem->advice[0])
		fprintf(stderr, "%s: %s\n", device, problem->advice);
}

int end_by_signal(int number)
{
	signal(number, SIG_DFL);
	raise(number);
	return 128 + number;
}

int none_reconfigured(int rc)
{
	fprintf(stderr, "error reconfiguring devices: %s\nreconfigured 0 devices\n", strerror(-rc));
	return status_of_errno(rc);
}

/* libdaxctl passes over what has no node. */
static void print_without_node(const char *name)
{
	fprintf(stderr,
		"%s: error: the device is there, and its node /dev/%s is not\n"
		"%s: see whether udev is running (systemctl status systemd-udevd), and have it "
		"make the node (udevadm trigger /sys/bus/dax/devices/%s)\n",
		name, name, name, name);
}

/* Why does libdaxctl not list the device that is there? 0: it is not, or nothing is wrong. */
static int explain_missing(const char *name, bool seeds_count)
{
	_cleanup_device_ struct dax_device device = { 0 };
	int rc = dax_device_read(&sysfs_of_system, name, &device);

	if (rc < 0 && rc != -ENODEV) {
		fprintf(stderr, "%s: error: cannot read its attributes: %s\n", name, strerror(-rc));
		return rc;
	}
	if (rc < 0 || (!device.size && !seeds_count) ||
	    sysfs_exists(&sysfs_of_system, "../dev/%s", name))
		return 0;
	print_without_node(name);
	return -ENXIO;
}

struct node_search {
	const struct dax_targets *targets;
	const struct dax_names *names; /* those that have one */
	int result;
};

/* A seed is no device yet. */
static int check_node(const char *name, void *data)
{
	struct node_search *search = data;
	int rc;

	if (dax_names_have(search->names, name) ||
	    !dax_targets_have_region_of(search->targets, name))
		return 0;
	rc = explain_missing(name, false);
	if (!search->result)
		search->result = rc;
	return 0;
}

int report_without_node(const struct dax_targets *targets, const struct dax_names *names)
{
	struct node_search search = { .targets = targets, .names = names };

	sysfs_for_each(&sysfs_of_system, check_node, &search, DAX_DEVICES);
	return search.result;
}

static int report_missing_one(const struct dax_targets *targets, const struct dax_names *names,
			      const char *name)
{
	const char *where = targets->regions ? " in that region" : "";
	bool all = strcmp(name, "all") == 0;
	int rc = 0;

	if (all)
		rc = report_without_node(targets, names);
	else if (dax_names_have(names, name))
		return 0;
	else if (dax_targets_have_region_of(targets, name))
		rc = explain_missing(name, true);
	if (rc || (all && names->nr))
		return rc;
	fprintf(stderr, "%s: error: there is no %sdax device%s; see daxctl list --idle\n", name,
		all ? "" : "such ", where);
	return -ENXIO;
}

int report_missing(const struct dax_targets *targets, const struct dax_names *names)
{
	int result = 0;

	for (size_t i = 0; i < targets->nr; i++) {
		int rc = report_missing_one(targets, names, targets->name[i]);

		if (!result)
			result = rc;
	}
	return result;
}

/* -N promises that the memory stays offline; a policy of the device would break that. */
static bool contradicts_no_online(const struct sysfs *sysfs, const char *name)
{
	char text[POLICY_TEXT_SIZE];
	enum policy policy;

	if (sysfs_read(sysfs, text, sizeof(text), DAX_DEVICES "/%s/online_type", name) < 0 ||
	    policy_from_kernel(text, &policy) < 0 || !policy_is_online(policy))
		return false;
	fprintf(stderr,
		"%s: error: its policy '%s' will auto-online memory, aborting\n"
		"%s: use --online-type=offline instead of --no-online\n",
		name, text, name);
	return true;
}

int check_no_online(const struct sysfs *sysfs, const struct dax_names *names)
{
	int rc = 0;

	for (size_t i = 0; i < names->nr; i++) {
		if (contradicts_no_online(sysfs, names->name[i]))
			rc = -EBUSY;
	}
	return rc;
}

int check_auto_online(const struct sysfs *sysfs, const struct dax_names *names)
{
	char text[POLICY_TEXT_SIZE];
	enum policy policy;

	if (sysfs_read(sysfs, text, sizeof(text), "devices/system/memory/auto_online_blocks") < 0 ||
	    policy_from_kernel(text, &policy) < 0 || !policy_is_online(policy))
		return 0;
	for (size_t i = 0; i < names->nr; i++)
		fprintf(stderr, "%s: error: kernel policy will auto-online memory, aborting\n",
			names->name[i]);
	return -EBUSY;
}

int list_policies(void)
{
	for (enum policy policy = POLICY_DEFAULT; policy <= POLICY_UNPLUGGED; policy++) {
		const char *short_name = policy_short_name(policy);

		printf("%-14s  %s%s%s\n", policy_name(policy), policy_help(policy),
		       short_name ? "; for short: " : "", short_name ? short_name : "");
	}
	return finish_output(0);
}

int finish_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "daxctl: cannot write to standard output: %s\n", strerror(errno));
	return status ? status : 1;
}

int list_our_option_names(const struct option_spec *spec, size_t nr_specs)
{
	for (size_t i = 0; i < nr_specs; i++) {
		if (spec[i].is_ours)
			printf("--%s ", spec[i].long_name);
	}
	return STATUS_LIST_OPTS;
}

int list_option_names(char **argv, const struct option_spec *spec, size_t nr_specs)
{
	_cleanup_free_ char *names = NULL;
	char list_opts[] = "--list-opts", *words[] = { argv[0], argv[1], list_opts, NULL };
	size_t length;
	/* It need not understand the words before that. */
	int status = forward_and_capture(words, &names, &length);

	if (status < 0)
		return end_by_signal(-status);
	if (names)
		fwrite(names, 1, length, stdout);
	return status == STATUS_LIST_OPTS ? list_our_option_names(spec, nr_specs) : status;
}
