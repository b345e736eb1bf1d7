/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_RUN_H
#define DAXCTL_RUN_H

#include <stdbool.h>

#include "plan/execute.h"
#include "plan/guardian.h"
#include "plan/plan.h"
#include "plan/siblings.h"

/*
 * The actions of a plan, for execute.c alone: each does its part on the device of
 * the run, reports what it writes, and takes its result for good if it is there
 * already. They return 0, or a negative errno with run->problem filled in.
 */

/* One plan on its way. */
struct run {
	const struct executor *executor;
	const struct sysfs *sysfs;
	const struct plan *plan;
	const char *name; /* of the device */
	struct problem *problem;
	struct outcome *outcome;
	struct siblings *siblings; /* to restore when it is done */
	bool is_rollback;
};

/* --- what the actions are made of: run.c ---------------------------------- */

/* @rc is 0 or a negative errno. */
void run_report(const struct run *run, const char *what, int rc);

/* The same with a result that is no errno. */
void run_report_result(const struct run *run, const char *what, const char *result);

/* @done of the memory blocks of the device, in what takes long. */
void run_progress(const struct run *run, const char *doing, size_t done);

/* Writes an attribute, or in a dry run only says so. On failure the problem says which write. */
int run_write(const struct run *run, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says what to do about the problem that there is. */
void run_advise(const struct run *run, const char *advice);

/* Writes an attribute of the device unless it has that value already. */
int run_set(const struct run *run, const char *attribute, const char *value);

int run_read_driver(const struct run *run, char driver[DAX_DRIVER_SIZE]);

/* The state attribute of kmem from 7.3 on; false where there is none. */
bool run_read_state(const struct run *run, char state[POLICY_TEXT_SIZE]);

int run_start_guardian(const struct run *run, struct guardian *guardian,
		       int (*roll_back)(void *data));

/* --- drivers: run-driver.c ------------------------------------------------- */

int run_load(const struct run *run, const char *driver);
int run_bind(const struct run *run, const char *driver);

/* From kmem only without memory. */
int run_unbind(const struct run *run, const char *driver);

/* If kmem holds the device: hot-removes its memory and unbinds it. */
int run_release(const struct run *run);

/* --- devices that a new id would bind: run-siblings.c ---------------------- */

/* Makes the driver know the device by its name, and forget it again when it has it. */
int run_bind_by_id(const struct run *run, const char *driver);

/* Notes in run->siblings the unbound devices that have a size, but for @device. */
int run_find_siblings(const struct run *run, const char *device, const char *driver);

/* If kmem binds them, none of their memory comes online. */
int run_keep_siblings_offline(const struct run *run);

/* Unbinds those that were bound all the same; all that can be, even if one cannot. */
int run_release_siblings(const struct run *run);

/* --- memory: run-memory.c -------------------------------------------------- */

#define FIND_THE_OTHER "find out which program puts it online, and try again"

int run_check_removable(const struct run *run);
int run_unplug(const struct run *run);
int run_offline(const struct run *run);
int run_online(const struct run *run, enum policy policy);
int run_adjust(const struct run *run, enum policy policy);

/* Restores every block that can be, even if one cannot. */
int run_restore(const struct run *run);
int run_verify(const struct run *run);

#endif
