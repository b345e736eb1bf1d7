// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "commands/check-config.h"
#include "cleanup.h"
#include "commands/commands.h"
#include "config/config.h"
#include "upstream/forward.h"
#include "upstream/json.h"
#include "commands/session.h"

enum whose {
	NOBODYS,       /* no section matches */
	OURS,	       /* a policy */
	TRANSLATED,    /* our condition, but nothing besides what the distribution can do */
	DISTRIBUTIONS, /* a section of the kind that it knows itself */
};

/* What the files say about one device. */
struct verdict {
	enum whose whose;
	const struct config_section *section;
};

static enum whose whose_is(const struct config_section *section)
{
	if (section->has_policy)
		return OURS;
	return section->has_ours ? TRANSLATED : DISTRIBUTIONS;
}

/* The first section that matches; warns about any other. */
static struct verdict judge(const struct config *config, const struct sysfs *sysfs,
			    const char *name)
{
	_cleanup_device_ struct dax_device device;
	struct verdict verdict = { NOBODYS, NULL };

	/* Without memory it is a seed, the region's next device; its time comes later. */
	if (dax_device_read(sysfs, name, &device) < 0 || !device.size)
		return verdict;
	for (size_t i = 0; i < config->nr; i++) {
		const struct config_section *section = &config->section[i];

		if (!config_section_matches(section, sysfs, &device))
			continue;
		if (!verdict.section) {
			verdict = (struct verdict){ whose_is(section), section };
			continue;
		}
		fprintf(stderr,
			"%s: warning: section '%s' (%s:%u) matches too; '%s' (%s:%u) is used\n",
			name, section->name, section->file, section->line, verdict.section->name,
			verdict.section->file, verdict.section->line);
	}
	return verdict;
}

/* Adds the devices in the distribution's output to ours. */
static void add_devices(struct session *session, const char *output)
{
	struct json_object *object = json_tokener_parse(output);

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			json_object_array_add(
				session->devices,
				json_object_get(json_object_array_get_idx(object, i)));
	} else if (json_object_is_type(object, json_type_object)) {
		json_object_array_add(session->devices, json_object_get(object));
	}
	json_object_put(object);
}

/* Lets the distribution's daxctl do what a section says that has no policy. */
static void relay(struct session *session, const struct check_config_options *options,
		  const struct verdict *verdict, char *name)
{
	const struct config_section *section = verdict->section;
	char program[] = "daxctl", command[] = "reconfigure-device", check[] = "--check-config";
	char force[] = "--force", human[] = "--human", verbose[] = "--verbose";
	char no_online[] = "--no-online", no_movable[] = "--no-movable";
	_cleanup_free_ char *output = NULL;
	char mode[64], *argv[10] = { program, command };
	size_t length;
	int argc = 2, status;

	snprintf(mode, sizeof(mode), "--mode=%s", section->mode ? section->mode : "system-ram");
	argv[argc++] = verdict->whose == TRANSLATED ? mode : check;
	if (verdict->whose == TRANSLATED && section->has_online && !section->online)
		argv[argc++] = no_online;
	if (verdict->whose == TRANSLATED && section->has_movable && !section->movable)
		argv[argc++] = no_movable;
	if (options->force)
		argv[argc++] = force;
	if (options->human)
		argv[argc++] = human;
	if (options->is_verbose)
		argv[argc++] = verbose;
	argv[argc] = name;
	if (options->dry_run) {
		fprintf(stderr, "%s: leave it to %s (section '%s')\n", name, distribution_daxctl,
			section->name);
		return;
	}
	status = forward_and_capture(argv, &output, &length);
	if (output)
		add_devices(session, output);
	if (status < 0) {
		fprintf(stderr, "%s: error: %s was ended by signal %d (%s)\n", name,
			distribution_daxctl, -status, strsignal(-status));
		session_note(session, -EIO);
	} else if (status == STATUS_NOT_FOUND || status == STATUS_NOT_EXECUTABLE) {
		session_note(session, status);
	} else if (status) {
		/* Its statuses are errnos, but for those that are none. */
		session_note(session, status > STATUS_LIST_OPTS ? status - 256 : -EINVAL);
	}
}

static void reconfigure(struct session *session, const struct check_config_options *options,
			const struct verdict *verdict, char *name)
{
	if (verdict->whose == NOBODYS)
		return;
	if (verdict->whose != OURS) {
		relay(session, options, verdict, name);
		return;
	}
	session->request = (struct request){
		.set_policy = true,
		.policy = verdict->section->policy,
		.to_system_ram = true,
		.force = options->force,
		.allow_fallback = options->allow_fallback,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	session_reconfigure(session, name);
}

static int read_config(struct config *config, struct problem *problem)
{
	struct daxctl_ctx *ctx;
	int rc;

	if (config_directory)
		return config_read(config, config_directory, problem);
	rc = daxctl_new(&ctx);
	if (rc < 0)
		return problem_set(problem, rc, NULL, "out of memory");
	rc = config_read(config, daxctl_get_config_path(ctx), problem);
	daxctl_unref(ctx);
	return rc;
}

static int apply(const struct config *config, const struct check_config_options *options,
		 struct dax_names *names)
{
	const struct sysfs sysfs = { .root = "/sys" };
	_cleanup_free_ struct verdict *verdict = calloc(names->nr + 1, sizeof(*verdict));
	size_t nr_of[DISTRIBUTIONS + 1] = { 0 };
	struct session session;

	if (!verdict)
		return status_of_errno(-ENOMEM);
	for (size_t i = 0; i < names->nr; i++) {
		verdict[i] = judge(config, &sysfs, names->name[i]);
		nr_of[verdict[i].whose]++;
	}
	if (nr_of[NOBODYS] == names->nr)
		return 0;
	if (!nr_of[OURS] && !nr_of[TRANSLATED] && !options->dry_run)
		return -1;
	if (session_start(&session, &words_reconfigure, options->human, options->is_verbose,
			  options->dry_run) < 0)
		return status_of_errno(-ENOMEM);
	for (size_t i = 0; i < names->nr && !session_is_interrupted(); i++)
		reconfigure(&session, options, &verdict[i], names->name[i]);
	return session_finish(&session);
}

int check_config(const struct check_config_options *options, const struct dax_targets *targets)
{
	_cleanup_config_ struct config config = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	struct problem problem = { 0 };
	int rc;

	rc = read_config(&config, &problem);
	if (!config.has_ours)
		return -1;
	if (rc < 0) {
		fprintf(stderr, "daxctl: error: %s\n", problem.text);
		if (problem.advice[0])
			fprintf(stderr, "daxctl: %s\n", problem.advice);
		return none_reconfigured(rc);
	}
	if (dax_select(&names, targets) < 0)
		return status_of_errno(-ENOMEM);
	return apply(&config, options, &names);
}
