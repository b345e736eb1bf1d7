// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/device.h"
#include "device/select.h"
#include "device/sysfs.h"
#include "upstream/forward.h"

/*
 * destroy-device. Upstream daxctl --force unbinds a device whose memory is
 * online, which keeps that memory in use and out of reach until a restart.
 */
enum {
	OPT_REGION,
	OPT_HUMAN,
	OPT_FORCE,
	OPT_VERBOSE,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = SPEC_REGION,
	[OPT_HUMAN] = SPEC_HUMAN,
	[OPT_FORCE] = { 'f', "force", OPTION_FLAG, NULL,
			"attempt to disable before destroying device", false },
	[OPT_VERBOSE] = SPEC_VERBOSE,
};

static const struct session_words words = {
	.verbing = "destroying devices",
	.verbed = "destroyed",
};

#define NR_WORDS 6

/* The command line for one of the devices, as a list for exec. */
static void command_for(char *argv[NR_WORDS], const struct command_line *line, const char *name)
{
	static char daxctl[] = "daxctl", command[] = "destroy-device", force[] = "--force";
	static char verbose[] = "--verbose";

	argv[0] = daxctl;
	argv[1] = command;
	argv[2] = force;
	argv[3] = (char *)name;
	argv[4] = line->option[OPT_VERBOSE].is_set ? verbose : NULL;
	argv[5] = NULL;
}

/* What upstream does once no memory is left. */
struct upstreams_part {
	const char *name;
	char **argv;
	bool is_done;
	int status;
};

static bool has_size(const char *name)
{
	uint64_t size;

	return sysfs_read_number(&sysfs_of_system, &size, 0, DAX_DEVICES "/%s/size", name) == 0 &&
	       size;
}

/* A device that keeps its size gets its memory and its driver again. */
static int leave_to_upstream(void *data, struct problem *problem)
{
	struct upstreams_part *part = data;

	part->is_done = true;
	part->status = forward_and_wait(part->argv);
	if (part->status == 0 || !has_size(part->name))
		return 0;
	return problem_set(problem, -EIO, NULL, "%s did not destroy it", distribution_daxctl);
}

/* On a static region, a pmem namespace that is, the kernel lets nobody change the size. */
static int check_region(const char *name)
{
	char namespace[64], advice[256];
	struct problem problem;

	if (!sysfs_is_read_only(&sysfs_of_system, DAX_DEVICES "/%s/size", name))
		return 0;
	if (sysfs_read(&sysfs_of_system, namespace, sizeof(namespace),
		       DAX_DEVICES "/%s/../namespace", name) <= 0)
		strcpy(namespace, "<namespace>");
	snprintf(advice, sizeof(advice),
		 "use daxctl reconfigure-device --mode=devdax --force %s, then ndctl "
		 "destroy-namespace --force %s",
		 name, namespace);
	/* The error with which upstream would end. */
	problem_set(&problem, -ENXIO, advice,
		    "it cannot be destroyed by itself: it is all of a namespace, and its size is "
		    "fixed");
	print_problem(name, "error", &problem);
	return problem.err;
}

/*
 * Hot-removes its memory if it has any, and leaves the rest to upstream, which gets the name
 * of this device: while that takes, another one may appear that "all" means too.
 */
static int destroy(const struct command_line *line, const char *name)
{
	char *argv[NR_WORDS];
	struct upstreams_part part = { .name = name, .argv = argv };
	struct session session;
	int rc = check_region(name);

	if (session_start(&session, &words, line->option[OPT_HUMAN].is_set,
			  line->option[OPT_VERBOSE].is_set, false) < 0)
		return out_of_memory();
	command_for(argv, line, name);
	session.request = (struct request){
		.to_driver = "",
		.force = true,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	session.executor.finish = leave_to_upstream;
	session.executor.finish_data = &part;
	session_note(&session, rc);
	if (rc == 0)
		session_reconfigure(&session, name);
	if (!part.is_done) {
		session_count(&session, 0);
		return session_finish(&session);
	}
	forget_ids();
	session_abandon(&session);
	return part.status;
}

/* One after the other, so that a device which is refused leaves no other one half-way. */
static int destroy_each(const struct command_line *line, const struct dax_names *names)
{
	char *argv[NR_WORDS];
	struct session session;
	size_t nr = 0;

	if (session_start(&session, &words, false, false, false) < 0)
		return out_of_memory();
	for (size_t i = 0; i < names->nr && !session_is_interrupted(); i++) {
		_cleanup_free_ char *output = NULL;
		size_t length;
		int status;

		command_for(argv, line, names->name[i]);
		status = run_self_and_capture(argv, &output, &length);
		session_note_status(&session, names->name[i], status);
		nr += status == 0;
	}
	session_count(&session, nr);
	return session_finish(&session);
}

int cmd_destroy_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };

	if (options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2) < 0 || line.wants_help ||
	    line.lists_names || line.nr_arguments != 1)
		return forward(argv);
	if (dax_select_as_upstream(&targets, &names, line.argument[0],
				   line.option[OPT_REGION].value) < 0)
		return out_of_memory();
	if (!line.option[OPT_FORCE].is_set ||
	    !dax_names_any(&sysfs_of_system, &names, DAX_MODE_SYSTEM_RAM))
		return forward_and_forget_ids(argv);
	return names.nr == 1 ? destroy(&line, names.name[0]) : destroy_each(&line, &names);
}
