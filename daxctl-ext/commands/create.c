// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/device.h"
#include "device/select.h"
#include "device/sysfs.h"
#include "signals.h"
#include "upstream/forward.h"

/*
 * create-device: upstream daxctl makes a device in each region that is meant. With
 * --online-type it makes them in devdax mode, and each gets its policy before kmem binds it.
 */
enum {
	OPT_REGION,
	OPT_HUMAN,
	OPT_VERBOSE,
	OPT_SIZE,
	OPT_ALIGN,
	OPT_INPUT,
	OPT_MODE,
	OPT_NO_ONLINE,
	OPT_FORCE,
	OPT_CHECK_CONFIG,
	OPT_NO_MOVABLE,
	OPT_ONLINE_TYPE,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = SPEC_REGION,
	[OPT_HUMAN] = SPEC_HUMAN,
	[OPT_VERBOSE] = SPEC_VERBOSE,
	[OPT_SIZE] = SPEC_SIZE,
	[OPT_ALIGN] = SPEC_ALIGN,
	[OPT_INPUT] = SPEC_INPUT,
	[OPT_MODE] = SPEC_MODE,
	[OPT_NO_ONLINE] = SPEC_NO_ONLINE,
	[OPT_FORCE] = SPEC_FORCE,
	[OPT_CHECK_CONFIG] = SPEC_CHECK_CONFIG,
	[OPT_NO_MOVABLE] = SPEC_NO_MOVABLE,
	[OPT_ONLINE_TYPE] = SPEC_ONLINE_TYPE,
};

static const char command[] = "create-device";

static const struct session_words words = {
	.verbing = "creating devices",
	.verbed = "created",
	.shows_devices = true,
};

void usage_create_device(void)
{
	options_usage(stderr, "daxctl create-device [<options>]", specs, NR_OPTIONS);
}

static bool is_set(const struct command_line *line, size_t option)
{
	return line->option[option].is_set;
}

static bool mode_is(const struct command_line *line, enum dax_mode mode)
{
	const char *name = line->option[OPT_MODE].value;

	return name && strcmp(name, dax_mode_name(mode)) == 0;
}

static int read_request(const struct command_line *line, struct request *request)
{
	const char *type = line->option[OPT_ONLINE_TYPE].value;

	*request = (struct request){
		.set_policy = true,
		.to_system_ram = mode_is(line, DAX_MODE_SYSTEM_RAM),
		.spares_users = true,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	if (line->error[0])
		return wrong_usage(command, "%s", line->error);
	if (!type)
		return wrong_usage(command,
				   "--online-type was cancelled by --no-online-type; leave it out");
	if (policy_from_user(type, &request->policy) < 0)
		return wrong_usage(command, "unknown online type '%.40s'; it is one of %s", type,
				   policy_names);
	if (line->nr_arguments)
		return wrong_usage(command, "unknown parameter '%.40s'", line->argument[0]);
	if (is_set(line, OPT_MODE) && !request->to_system_ram && !mode_is(line, DAX_MODE_DEVDAX))
		return wrong_usage(command, "with --online-type, the mode is devdax or system-ram");
	if (is_set(line, OPT_NO_ONLINE) || is_set(line, OPT_NO_MOVABLE) ||
	    is_set(line, OPT_CHECK_CONFIG))
		return wrong_usage(command,
				   "--no-online, --no-movable and --check-config do not go with "
				   "--online-type, which says all of that");
	return 0;
}

/* Upstream's own count: devices that have no policy yet, and may have to go again. */
static bool is_count(const char *line)
{
	static const char created[] = "created ", device[] = " device";

	if (strncmp(line, created, sizeof(created) - 1) != 0)
		return false;
	line += sizeof(created) - 1;
	line += strspn(line, "0123456789");
	return strncmp(line, device, sizeof(device) - 1) == 0;
}

static void pass_on(const char *messages)
{
	size_t length;

	for (const char *line = messages; *line; line += length) {
		length = strcspn(line, "\n");
		length += line[length] == '\n';
		if (!is_count(line))
			fwrite(line, 1, length, stderr);
	}
}

/* Returns an exit status. */
static int run_upstream(const struct command_line *line)
{
	static const struct {
		size_t option;
		const char *word;
	} passed_on[] = {
		{ OPT_REGION, "--region" },
		{ OPT_SIZE, "--size" },
		{ OPT_ALIGN, "--align" },
		{ OPT_INPUT, "--input" },
	};
	_cleanup_free_ char *messages = NULL;
	const char *argv[3 + 2 * sizeof(passed_on) / sizeof(passed_on[0])] = { "daxctl", command };
	size_t length, argc = 2;
	int status;

	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		if (!is_set(line, passed_on[i].option))
			continue;
		argv[argc++] = passed_on[i].word;
		argv[argc++] = line->option[passed_on[i].option].value;
	}
	status = forward_and_capture_errors((char **)argv, &messages, &length);
	if (messages)
		pass_on(messages);
	if (status >= 0)
		return status;
	signals_caught = -status;
	return 128 - status;
}

/* 0 if it is gone. */
static int read_size(const char *name, uint64_t *size)
{
	int rc = sysfs_read_number(&sysfs_of_system, size, 0, DAX_DEVICES "/%s/size", name);

	if (rc != -ENOENT && rc != -ENODEV)
		return rc;
	*size = 0;
	return 0;
}

/* The devices with a size in the regions that are meant. Without one it is a seed. */
static int list_sized(const struct command_line *line, struct dax_names *devices)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	const char *all = "all", *wrong;
	int rc = dax_targets_read(&targets, &all, 1, line->option[OPT_REGION].value, &wrong);

	if (rc == 0)
		rc = dax_select(&names, &targets);
	for (size_t i = 0; rc == 0 && i < names.nr; i++) {
		uint64_t size;

		rc = read_size(names.name[i], &size);
		if (rc == 0 && size)
			rc = dax_names_add(devices, names.name[i]);
	}
	return rc;
}

/*
 * Lists what upstream daxctl makes. It may print fewer devices than that, and none if a
 * region fails. Returns 0, with its exit status in *@status, or a negative errno.
 */
static int create(const struct command_line *line, struct dax_names *created, int *status)
{
	_cleanup_names_ struct dax_names before = { 0 }, after = { 0 };
	int rc = list_sized(line, &before);

	if (rc < 0) {
		fprintf(stderr, "daxctl: error: cannot list the dax devices: %s\n", strerror(-rc));
		return rc;
	}
	*status = run_upstream(line);
	rc = list_sized(line, &after);
	for (size_t i = 0; rc == 0 && i < after.nr; i++) {
		if (!dax_names_have(&before, after.name[i]))
			rc = dax_names_add(created, after.name[i]);
	}
	if (rc < 0)
		fprintf(stderr,
			"daxctl: error: cannot list the devices that were made: %s\n"
			"daxctl: none of them has its policy; see daxctl list --idle\n",
			strerror(-rc));
	return rc;
}

/* A device without the policy that was asked for is not what was asked for. */
static void destroy(const char *name)
{
	const char *argv[] = { "daxctl", "destroy-device", "--force", name, NULL };
	_cleanup_free_ char *output = NULL;
	size_t length;
	uint64_t size;

	fprintf(stderr, "%s: it is destroyed again\n", name);
	/* This program's: it hot-removes memory first, should there be any. */
	signals_hold();
	run_self_and_capture((char **)argv, &output, &length);
	signals_release();
	if (read_size(name, &size) < 0 || size)
		fprintf(stderr,
			"%s: it is still there, and not as asked; try again with daxctl "
			"destroy-device --force %s\n",
			name, name);
}

/* @status is upstream's, which binds a device last of all. */
static bool is_half_made(const char *name, int status)
{
	return status && dax_device_is_in_mode(&sysfs_of_system, name, DAX_MODE_DISABLED);
}

/* After a signal, also one that came while upstream made it, no device is kept. */
static int set_policy(struct session *session, const char *name, int status)
{
	if (session_is_interrupted()) {
		fprintf(stderr, "%s: error: interrupted by a signal\n", name);
		session_note(session, -EINTR);
		return -EINTR;
	}
	if (is_half_made(name, status)) {
		fprintf(stderr, "%s: error: %s failed before it was complete\n", name,
			distribution_daxctl);
		return -EIO;
	}
	return session_reconfigure(session, name);
}

/* Gives each its policy, and lists those that cannot have it. */
static void create_and_configure(struct session *session, const struct command_line *line,
				 struct dax_names *refused)
{
	_cleanup_names_ struct dax_names created = { 0 };
	int status = 0, rc;

	signals_hold();
	rc = create(line, &created, &status);
	signals_release();
	if (rc == 0 && status == 0 && created.nr == 0) {
		fprintf(stderr, "daxctl: error: %s reported success, but there is no new device\n",
			distribution_daxctl);
		rc = -ENXIO;
	}
	session_note(session, rc);
	for (size_t i = 0; i < created.nr; i++) {
		if (set_policy(session, created.name[i], status) < 0)
			session_note(session, dax_names_add(refused, created.name[i]));
	}
	/* Behind those of the devices: it outweighs one that is unverified, and no failure. */
	session_note(session, status);
}

/*
 * No other daxctl of this kind makes devices meanwhile that pass for these, or configures
 * one of these before it has its policy, as the systemd unit would.
 */
static void create_all(struct session *session, const struct command_line *line)
{
	_cleanup_names_ struct dax_names refused = { 0 };
	const struct dax_names none = { 0 };
	struct problem problem = { 0 };
	struct binding binding;
	int rc = binding_begin(&binding, &none, &problem);

	if (rc < 0) {
		print_problem("daxctl", "error", &problem);
		session_note(session, rc);
		return;
	}
	session->is_locked = true;
	create_and_configure(session, line, &refused);
	binding_end(&binding);
	for (size_t i = 0; i < refused.nr; i++)
		destroy(refused.name[i]);
}

/* Upstream daxctl takes the first region, and looks at nothing behind it. */
static int check_region(const struct command_line *line)
{
	_cleanup_targets_ struct dax_targets targets = { 0 };
	const char *region = line->option[OPT_REGION].value, *wrong;
	int rc = dax_targets_read(&targets, NULL, 0, region, &wrong);

	if (rc == -ENOMEM)
		return out_of_memory();
	if (rc < 0)
		return wrong_target(command, &targets, wrong);
	if (region && strpbrk(region, " \t\n"))
		return wrong_usage(command,
				   "'%.40s' is not one region, such as 0 or region0, or all; run "
				   "the command once for each",
				   region);
	return 0;
}

static int create_with_policy(const struct command_line *line)
{
	const char *type = line->option[OPT_ONLINE_TYPE].value;
	struct session session;
	struct request request;
	int status;

	if (!line->error[0] && type && strcmp(type, "help") == 0)
		return list_policies();
	status = read_request(line, &request);
	if (!status)
		status = check_region(line);
	if (status)
		return status;
	if (session_start(&session, &words, is_set(line, OPT_HUMAN), is_set(line, OPT_VERBOSE),
			  false) < 0)
		return out_of_memory();
	session.request = request;
	create_all(&session, line);
	return session_finish(&session);
}

int cmd_create_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	const struct dax_names none = { 0 };
	int rc = options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2);

	if (rc == -ENOMEM)
		return out_of_memory();
	if (line.lists_names && !line.error[0])
		return list_option_names(argv, specs, NR_OPTIONS);
	/* The manual page is upstream's. */
	if (line.wants_manual && !line.error[0])
		return show_manual(command, NULL);
	if (line.wants_help && !line.error[0])
		return show_help(&line, command, usage_create_device);
	return line.has_ours ? create_with_policy(&line) : forward_shielded(argv, &none);
}
