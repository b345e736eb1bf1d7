/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_PROBLEM_H
#define DAXCTL_PROBLEM_H

/*
 * What went wrong, in the words of the person who has to act on it. Layers
 * below a command fill one in and return its error; only commands print it,
 * as "DEVICE: TEXT" and, if there is any, "DEVICE: ADVICE".
 */
struct problem {
	int err;	  /* negative errno; 0 as long as nothing went wrong */
	char text[400];	  /* what failed, and why */
	char advice[300]; /* what to do about it; may be empty */
};

/* Fills in @problem, both texts already formatted by the caller. Returns @err. */
int problem_set(struct problem *problem, int err, const char *advice, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
