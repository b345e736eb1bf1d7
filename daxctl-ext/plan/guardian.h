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

/* All is well: the guardian ends and does nothing. */
void guardian_dismiss(struct guardian *guardian);

/* Lets it act now. 0 if it was able to; -EIO otherwise, also when it was killed. */
int guardian_act(struct guardian *guardian);

#endif
