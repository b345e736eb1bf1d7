// SPDX-License-Identifier: GPL-2.0-only
/*
 * daxctl, extended by online policies for dax memory. What is extended is in
 * the table below; everything else becomes the distribution's daxctl.
 */
#include <stddef.h>
#include <string.h>

#include "check-config.h"
#include "commands.h"
#include "forward.h"

#ifndef CONFIG_DIRECTORY
#define CONFIG_DIRECTORY NULL
#endif

const char *distribution_daxctl = DISTRIBUTION_DAXCTL;
const char *config_directory = CONFIG_DIRECTORY;

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "list", cmd_list },
	{ "reconfigure-device", cmd_reconfigure_device },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc, argv);
	}
	return forward(argv);
}
