/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_GUARDIAN_H
#define DAXCTL_GUARDIAN_H

#include <sys/types.h>

/*
 * A child process that puts something back if this process is killed before it
 * can do so itself. Nobody who holds the lock of daxctl as well gets it before
 * the guardian is done: it inherits the lock.
 */
struct guardian {
	pid_t pid; /* 0: there is none */
	int alive; /* the guardian acts when the last copy of this closes */
};

/* 0 or a negative errno. The guardian will call @roll_back, which returns likewise. */
int guardian_start(struct guardian *guardian, int (*roll_back)(void *data), void *data);

/*
 * From now on, a program that this process starts inherits guardian->alive: after SIGKILL
 * here, the guardian does not act before that program has ended, too. guardian_act()
 * would wait for it as well; guardian_dismiss() does not.
 */
void guardian_await_programs(const struct guardian *guardian);

/* All is well: the guardian ends and does nothing. */
void guardian_dismiss(struct guardian *guardian);

/* Lets it act now. 0 if it was able to; -EIO otherwise, also when it was killed. */
int guardian_act(struct guardian *guardian);

#endif
