// SPDX-License-Identifier: GPL-2.0-only
/*
 * daxctl, extended by online policies for dax memory. What is extended is in
 * the table below; everything else becomes upstream daxctl.
 */
#include <stddef.h>
#include <string.h>

#include "commands/commands.h"
#include "upstream/forward.h"
#include "commands/help.h"
#include "upstream/inherited.h"
#include "commands/sections.h"
#include "commands/status.h"

#ifndef CONFIG_DIRECTORY
#define CONFIG_DIRECTORY NULL
#endif

const char *distribution_daxctl = DISTRIBUTION_DAXCTL;
const char *config_directory = CONFIG_DIRECTORY;
const char *extension_version = EXTENSION_VERSION;
const char *manual_directory = MANUAL_DIRECTORY;

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	void (*usage)(void); /* NULL: the manual page is upstream's */
};

static const struct command commands[] = {
	{ "create-device", cmd_create_device, NULL },
	{ "destroy-device", cmd_destroy_device, NULL },
	{ "enable-device", cmd_enable_device, NULL },
	{ "list", cmd_list, usage_list },
	{ "offline-memory", cmd_offline_memory, NULL },
	{ "online-memory", cmd_online_memory, NULL },
	{ "reconfigure-device", cmd_reconfigure_device, usage_reconfigure_device },
	{ "status", cmd_status, usage_status },
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	}
	return NULL;
}

static const char our_usage[] =
	" 'daxctl status' shows whether the memory of each device is what its policy and\n"
	" the configuration say\n\n";

/* What upstream's usage and its list of commands lack, or NULL for any other command line. */
static const char *more_to_tell(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "help";

	if (argc > 2)
		return NULL;
	if (strcmp(word, "--list-cmds") == 0)
		return "status\n";
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return our_usage;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *more;
	const struct command *command = argc > 1 ? find(argv[1]) : NULL;

	if (command) {
		inherited_replace();
		return command->run(argc, argv);
	}
	more = more_to_tell(argc, argv);
	if (more) {
		inherited_replace();
		return show_overview(argv, more);
	}
	if (argc > 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0))
		command = find(argv[2]);
	return command && command->usage ? show_manual(command->name, command->usage)
					 : forward(argv);
}
