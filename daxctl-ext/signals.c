// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>

#include "signals.h"

volatile sig_atomic_t signals_caught;

static const int numbers[] = { SIGHUP,	SIGINT,	 SIGQUIT,   SIGTERM, SIGALRM, SIGUSR1,
			       SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF, SIGPWR,  SIGIO };

#define NR_SIGNALS (sizeof(numbers) / sizeof(numbers[0]))

static struct sigaction before[NR_SIGNALS];
static struct sigaction before_pipe;
static sigset_t mask_before;

static void note(int number)
{
	signals_caught = number;
}

void signals_catch(void)
{
	struct sigaction catch = { .sa_handler = note }, ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < NR_SIGNALS; i++) {
		sigaction(numbers[i], NULL, &before[i]);
		/* nohup and the like decided that already. */
		if (before[i].sa_handler != SIG_IGN)
			sigaction(numbers[i], &catch, NULL);
	}
	sigaction(SIGPIPE, &ignore, &before_pipe);
}

void signals_hold(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, &mask_before);
}

void signals_release(void)
{
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

void signals_deliver(void)
{
	for (size_t i = 0; i < NR_SIGNALS; i++)
		sigaction(numbers[i], &before[i], NULL);
	sigaction(SIGPIPE, &before_pipe, NULL);
	if (signals_caught)
		raise(signals_caught);
}
