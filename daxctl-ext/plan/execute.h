/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_EXECUTE_H
#define DAXCTL_EXECUTE_H

#include <signal.h>
#include <stdbool.h>

#include "plan/plan.h"
#include "problem.h"
#include "device/sysfs.h"

/* How plans are carried out. */
struct executor {
	const struct sysfs *sysfs;
	bool dry_run; /* report every step and take none */
	/* Loads a kernel module; 0 or a negative errno. */
	int (*load_module)(const char *name);
	/* Set by a signal handler; between two steps, and by -EINTR, it ends the plan. */
	const volatile sig_atomic_t *interrupted;
	/*
	 * Told of everything that is done to the system, in the order in which
	 * it is: @what is a phrase such as 'write "1" to /sys/...', @result what
	 * came of it, such as "done", or NULL in a dry run. May be NULL.
	 */
	void (*report)(void *data, const char *device, const char *what, const char *result);
	void *report_data;
	/*
	 * Told how far a step is that may take long: @done of @total memory blocks,
	 * and @done equal to @total at its end, however it ends. May be NULL.
	 */
	void (*progress)(void *data, const char *device, const char *doing, size_t done,
			 size_t total);
	void *progress_data;
	/*
	 * Called when every step has been taken, and verified, to do what no step does: 0,
	 * or a negative errno with @problem filled in, and the steps are rolled back. May
	 * be NULL.
	 */
	int (*finish)(void *data, struct problem *problem);
	void *finish_data;
};

struct outcome {
	struct problem problem;	 /* .err is 0 when every step was taken */
	struct problem rollback; /* .err is 0 unless something could not be restored */
	struct blocks after;	 /* the memory at the end, if it was verified */
	size_t unlike;		 /* how many of these are not as expected */
	const char *way;	 /* how it was done without the attribute, or NULL */
};

/*
 * Takes the steps of the plan one after the other. When one fails, or a signal
 * arrives, everything done so far is rolled back in reverse order, with signals
 * blocked. Memory that is bound but did not all get where it should is no
 * failure: the outcome counts it. Returns outcome->problem.err;
 * outcome_free() afterwards in any case.
 */
int plan_execute(const struct executor *executor, const struct plan *plan, struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#define _cleanup_outcome_ __attribute__((cleanup(outcome_free)))

#endif
