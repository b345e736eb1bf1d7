/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_COMMANDS_H
#define DAXCTL_COMMANDS_H

/*
 * The commands that are extended. Each gets the whole command line, with the
 * name of the command in argv[1], and returns the exit status. This is where
 * things are printed: JSON to standard output, everything else to standard
 * error.
 */
int cmd_reconfigure_device(int argc, char **argv);
int cmd_list(int argc, char **argv);

/* Each prints how the command is used. */
void usage_reconfigure_device(void);
void usage_list(void);

/* Exit statuses with a meaning of their own; every other is an errno as below. */
#define STATUS_UNVERIFIED 64  /* bound, but not every memory block is where it was asked for */
#define STATUS_USAGE	  129 /* the command line is wrong; nothing was done */
#define STATUS_LIST_OPTS  130 /* --list-opts has been answered */

/* The distribution's way to make an exit status of a negative errno. */
static inline int status_of_errno(int rc)
{
	return rc & 0xff;
}

#endif
