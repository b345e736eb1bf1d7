// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>

#include "plan/execute.h"
#include "plan/guardian.h"
#include "plan/run.h"

static int act(const struct run *run, enum action action, const char *value)
{
	enum policy policy;

	switch (action) {
	case ACTION_NONE:
		return 0;
	case ACTION_SET_POLICY:
		return run_set(run, "online_type", value);
	case ACTION_SET_MEMMAP:
		return run_set(run, "memmap_on_memory", value);
	case ACTION_LOAD:
		return run_load(run, value);
	case ACTION_UNBIND:
		return run_unbind(run, value);
	case ACTION_BIND:
		return run_bind(run, value);
	case ACTION_RELEASE:
		return run_release(run);
	case ACTION_UNPLUG:
		return run_unplug(run);
	case ACTION_OFFLINE:
		return run_offline(run);
	case ACTION_ONLINE:
		policy_from_kernel(value, &policy);
		return run_online(run, policy);
	case ACTION_ADJUST:
		policy_from_kernel(value, &policy);
		return run_adjust(run, policy);
	case ACTION_RESTORE:
		return run_restore(run);
	case ACTION_VERIFY:
		return run_verify(run);
	}
	return -EINVAL;
}

/* Undoes the first @nr steps, the last one first, and keeps on when one of them fails. */
static void roll_back(const struct run *forward, size_t nr)
{
	struct siblings siblings = { 0 };
	struct problem problem = { 0 };
	struct run run = *forward;
	sigset_t all, old;

	run.problem = &problem;
	run.siblings = &siblings;
	run.is_rollback = true;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	while (nr-- > 0) {
		const struct step *step = &run.plan->step[nr];

		if (act(&run, step->undo, step->undo_value) < 0 && !run.outcome->rollback.err)
			run.outcome->rollback = problem;
	}
	/* Siblings of the rollback, and those that the way forward could not restore. */
	if (run_release_siblings(&run) < 0 && !run.outcome->rollback.err)
		run.outcome->rollback = problem;
	siblings_free(&siblings);
	run.siblings = forward->siblings;
	if (run_release_siblings(&run) < 0 && !run.outcome->rollback.err)
		run.outcome->rollback = problem;
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* After SIGKILL, however far the run had come. */
static int roll_back_after_sigkill(void *data)
{
	const struct run *run = data;

	roll_back(run, run->plan->nr_steps);
	return run->outcome->rollback.err;
}

static int take_steps(const struct run *run)
{
	const struct executor *executor = run->executor;
	const struct plan *plan = run->plan;
	int rc = 0;

	for (size_t i = 0; i < plan->nr_steps && rc == 0; i++) {
		const struct step *step = &plan->step[i];

		/* Once all is done, looking at the result is quicker than a rollback. */
		if (*executor->interrupted && step->action != ACTION_VERIFY)
			rc = problem_set(run->problem, -EINTR, NULL, "interrupted by a signal");
		else
			rc = act(run, step->action, step->value);
		if (rc < 0)
			roll_back(run, executor->dry_run ? 0 : i + 1);
	}
	return rc;
}

static int finish(const struct run *run)
{
	const struct executor *executor = run->executor;
	int rc;

	if (!executor->finish || executor->dry_run || run->outcome->unlike)
		return 0;
	if (*executor->interrupted)
		rc = problem_set(run->problem, -EINTR, NULL, "interrupted by a signal");
	else
		rc = executor->finish(executor->finish_data, run->problem);
	if (rc < 0)
		roll_back(run, run->plan->nr_steps);
	return rc;
}

int plan_execute(const struct executor *executor, const struct plan *plan, struct outcome *outcome)
{
	struct siblings siblings = { 0 };
	struct guardian guardian = { 0 };
	struct run run = {
		.executor = executor,
		.sysfs = executor->sysfs,
		.plan = plan,
		.name = plan->device->name,
		.problem = &outcome->problem,
		.outcome = outcome,
		.siblings = &siblings,
	};
	int rc = 0;

	*outcome = (struct outcome){ 0 };
	if (plan->needs_guardian && !executor->dry_run)
		rc = run_start_guardian(&run, &guardian, roll_back_after_sigkill);
	if (rc == 0)
		rc = take_steps(&run);
	if (rc == 0)
		rc = finish(&run);
	guardian_dismiss(&guardian);
	siblings_free(&siblings);
	if (rc == 0)
		outcome->problem = (struct problem){ 0 };
	return rc;
}

void outcome_free(struct outcome *outcome)
{
	blocks_free(&outcome->after);
}
