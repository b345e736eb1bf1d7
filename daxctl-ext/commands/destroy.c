// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/select.h"

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

static void hot_remove(struct session *session, const struct dax_names *names)
{
	const struct sysfs *sysfs = session->sysfs;

	for (size_t i = 0; i < names->nr && !session_is_interrupted() && !session->result; i++) {
		if (dax_device_is_in_mode(sysfs, names->name[i], DAX_MODE_SYSTEM_RAM))
			session_reconfigure(session, names->name[i]);
	}
}

/* All of the memory has to go before the first device does. */
static int destroy(const struct command_line *line, const struct dax_names *names, char **argv)
{
	struct session session;
	int status;

	if (session_start(&session, &words, line->option[OPT_HUMAN].is_set,
			  line->option[OPT_VERBOSE].is_set, false) < 0)
		return out_of_memory();
	session.request = (struct request){
		.to_driver = "",
		.force = true,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	hot_remove(&session, names);
	if (session.result || session_is_interrupted()) {
		session_forget_devices(&session);
		return session_finish(&session);
	}
	session_abandon(&session);
	status = forward_and_forget_ids(argv);
	if (status)
		fprintf(stderr,
			"daxctl: the memory had been hot-removed before that, and no driver "
			"holds it now\n");
	return status;
}

int cmd_destroy_device(int argc, char **argv)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	const char *wrong;

	if (options_parse(&line, specs, NR_OPTIONS, argc - 2, argv + 2) < 0 || line.error[0] ||
	    line.wants_help || line.lists_names || !line.option[OPT_FORCE].is_set ||
	    dax_targets_read(&targets, line.argument, line.nr_arguments,
			     line.option[OPT_REGION].value, &wrong) < 0 ||
	    dax_select(&names, &targets) < 0 ||
	    !dax_names_any(&sysfs_of_system, &names, DAX_MODE_SYSTEM_RAM))
		return forward_and_forget_ids(argv);
	return destroy(&line, &names, argv);
}
