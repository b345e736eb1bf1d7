/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_HELP_H
#define DAXCTL_HELP_H

#include "commands/options.h"

/* Where the manual pages of the extended commands are installed. Set by main(). */
extern const char *manual_directory;

/*
 * Becomes man(1) with the page of an extended command; that of the same name
 * of upstream's knows nothing of what is extended. If the page is not
 * installed, prints the usage instead, or without @usage has upstream daxctl
 * show its own page. Returns the exit status.
 */
int show_manual(const char *command, void (*usage)(void));

/* What a command line asks for that has wants_help: the manual page, or with -h the usage. */
int show_help(const struct command_line *line, const char *command, void (*usage)(void));

/*
 * Prints what upstream daxctl says about itself, its usage or the names of its
 * commands, and @more behind it. Returns the exit status.
 */
int show_overview(char **argv, const char *more);

#endif
