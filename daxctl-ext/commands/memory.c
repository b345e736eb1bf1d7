// SPDX-License-Identifier: GPL-2.0-only
#include "cleanup.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/session.h"
#include "device/select.h"
#include "upstream/forward.h"

/*
 * online-memory and offline-memory. Upstream daxctl takes a device's memory for
 * one span from its first address on, which with two ranges is wrong, and leaves
 * half of it when a block is refused.
 */
enum {
	OPT_REGION,
	OPT_HUMAN,
	OPT_VERBOSE,
	OPT_NO_MOVABLE,
	NR_OPTIONS,
};

static const struct option_spec specs[NR_OPTIONS] = {
	[OPT_REGION] = SPEC_REGION,
	[OPT_HUMAN] = SPEC_HUMAN,
	[OPT_VERBOSE] = SPEC_VERBOSE,
	/* The last one: offline-memory has no such option. */
	[OPT_NO_MOVABLE] = SPEC_NO_MOVABLE,
};

static int change(const struct command_line *line, const struct session_words *words,
		  enum policy policy, const struct dax_targets *targets,
		  const struct dax_names *names)
{
	struct session session;

	if (session_start(&session, words, line->option[OPT_HUMAN].is_set,
			  line->option[OPT_VERBOSE].is_set, false) < 0)
		return out_of_memory();
	session.request = (struct request){
		.set_memory = true,
		.policy = policy,
		.memmap_on_memory = MEMMAP_AS_IT_IS,
	};
	session.all = dax_targets_are_all(targets);
	session_reconfigure_all(&session, names);
	return session_finish(&session);
}

/* What concerns no memory of kmem's, and what is no command at all, is upstream's. */
static int change_memory(int argc, char **argv, size_t nr_specs, const struct session_words *words)
{
	_cleanup_command_line_ struct command_line line = { 0 };
	_cleanup_targets_ struct dax_targets targets = { 0 };
	_cleanup_names_ struct dax_names names = { 0 };
	enum policy policy = POLICY_OFFLINE;

	if (options_parse(&line, specs, nr_specs, argc - 2, argv + 2) < 0 || line.wants_help ||
	    line.lists_names || line.nr_arguments != 1)
		return forward(argv);
	if (dax_select_as_upstream(&targets, &names, line.argument[0],
				   line.option[OPT_REGION].value) < 0)
		return out_of_memory();
	if (!dax_names_any(&sysfs_of_system, &names, DAX_MODE_SYSTEM_RAM))
		return forward(argv);
	if (nr_specs > OPT_NO_MOVABLE)
		policy = line.option[OPT_NO_MOVABLE].is_set ? POLICY_ONLINE_KERNEL
							    : POLICY_ONLINE_MOVABLE;
	return change(&line, words, policy, &targets, &names);
}

int cmd_online_memory(int argc, char **argv)
{
	static const struct session_words words = {
		.verbing = "onlining memory",
		.verbed = "onlined memory for",
		.status_if_done = 1,
	};

	return change_memory(argc, argv, NR_OPTIONS, &words);
}

int cmd_offline_memory(int argc, char **argv)
{
	static const struct session_words words = {
		.verbing = "offlining memory",
		.verbed = "offlined memory for",
		.status_if_done = 1,
	};

	return change_memory(argc, argv, OPT_NO_MOVABLE, &words);
}
