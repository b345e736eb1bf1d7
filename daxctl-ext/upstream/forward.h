/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_FORWARD_H
#define DAXCTL_FORWARD_H

#include <stddef.h>

/*
 * Upstream daxctl: everything that is not extended is its work.
 * These functions print their own errors, because nothing else can report
 * them, and refuse to run this program in its place.
 */

/* Exit statuses when it cannot be run. */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND      127

/* Where it is; an absolute path. Set by main(). */
extern const char *distribution_daxctl;

/*
 * Becomes upstream daxctl, with these arguments and everything else
 * unchanged. Returns only on failure, with the exit status.
 */
int forward(char **argv);

/*
 * Runs it, between signals_catch() and signals_deliver(): a signal that comes
 * meanwhile is for it, and one that ends it is noted as if it had come to this
 * process. Returns its exit status.
 */
int forward_and_wait(char **argv);

/*
 * Runs it and collects what it writes to standard output; the caller frees
 * *@output, which ends in a NUL. Returns its exit status, or the negative
 * number of the signal that ended it.
 */
int forward_and_capture(char **argv, char **output, size_t *length);

/* Likewise with standard error; what it writes to standard output is dropped. */
int forward_and_capture_errors(char **argv, char **output, size_t *length);

/* As forward_and_capture() with this program: what it does with another command line. */
int run_self_and_capture(char **argv, char **output, size_t *length);

#endif
