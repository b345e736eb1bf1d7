/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_COMMANDS_H
#define DAXCTL_COMMANDS_H

#include <stddef.h>

#include "commands/options.h"
#include "device/select.h"
#include "device/sysfs.h"
#include "plan/shield.h"
#include "problem.h"

/*
 * The commands that are extended. Each gets the whole command line, with the
 * name of the command in argv[1], and returns the exit status. This is where
 * things are printed: JSON to standard output, everything else to standard
 * error.
 */
int cmd_reconfigure_device(int argc, char **argv);
int cmd_create_device(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_online_memory(int argc, char **argv);
int cmd_offline_memory(int argc, char **argv);
int cmd_destroy_device(int argc, char **argv);
int cmd_enable_device(int argc, char **argv);

/* Each prints how the command is used. */
void usage_create_device(void);
void usage_reconfigure_device(void);
void usage_list(void);

/* What they share. Each returns the exit status. */
int out_of_memory(void);

/*
 * As forward(), and afterwards no driver knows a dax device by its name: what
 * upstream daxctl writes to new_id would bind the next device of that name.
 * Returns the exit status.
 */
int forward_and_forget_ids(char **argv);

/* What it does afterwards. */
void forget_ids(void);

/* Likewise, and devices that no driver has, but for those of @meant, stay so. */
int forward_shielded(char **argv, const struct dax_names *meant);

/* Likewise with its output, as forward_and_capture(), after signals_catch(). */
int forward_shielded_and_capture(char **argv, const struct dax_names *meant, char **output,
				 size_t *length);

/*
 * What it does before and afterwards. binding_begin() waits for other daxctls; 0, or a
 * negative errno with @problem filled in, and no binding_end() then.
 */
struct binding {
	int lock;
	struct shield shield;
};

int binding_begin(struct binding *binding, const struct dax_names *meant, struct problem *problem);
void binding_end(struct binding *binding);

/* Two lines about a wrong command line, instead of all options. */
int wrong_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same about what dax_targets_read() did not understand. */
int wrong_target(const char *command, const struct dax_targets *targets, const char *wrong);

/* "DEVICE: WHAT: TEXT", and a line of advice if there is any. */
void print_problem(const char *device, const char *what, const struct problem *problem);

/* Ends the process by the signal that ended upstream daxctl. */
int end_by_signal(int number);

/* Prints the two lines that end reconfigure-device when nothing was begun. */
int none_reconfigured(int rc);

/*
 * Says which of the devices that are meant are not among @names, which dax_select() has found,
 * and why: 0, -ENXIO or another negative errno.
 */
int report_missing(const struct dax_targets *targets, const struct dax_names *names);

/* As report_missing() for "all", but it is no mistake if there is no device. */
int report_without_node(const struct dax_targets *targets, const struct dax_names *names);

/*
 * Says for which devices --no-online would be in vain, because their own policy puts
 * their memory online: 0 or -EBUSY.
 */
int check_no_online(const struct sysfs *sysfs, const struct dax_names *names);

/*
 * Says, as upstream daxctl, that the system default would online their memory, perhaps in
 * another zone than is asked for, if it does: 0 or -EBUSY.
 */
int check_auto_online(const struct sysfs *sysfs, const struct dax_names *names);

/* --online-type=help */
int list_policies(void);

/* Writes what is left of the output; if that fails, says so, and @status 0 becomes 1. */
int finish_output(int status);

/* --list-opts: upstream's names, of whatever version it is, and ours. */
int list_option_names(char **argv, const struct option_spec *spec, size_t nr_specs);

/* The same for a command that the distribution has not. */
int list_our_option_names(const struct option_spec *spec, size_t nr_specs);

/* Exit statuses with a meaning of their own; every other is an errno as below. */
#define STATUS_UNVERIFIED 64  /* memory, policy or mode is not what was asked for */
#define STATUS_USAGE	  129 /* the command line is wrong; nothing was done */
#define STATUS_LIST_OPTS  130 /* --list-opts has been answered */

/* Upstream's way to make an exit status of a negative errno. */
static inline int status_of_errno(int rc)
{
	return rc & 0xff;
}

#endif
