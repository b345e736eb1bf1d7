/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SIGNALS_H
#define DAXCTL_SIGNALS_H

#include <signal.h>

/*
 * While a device is between two modes, a signal that would end the process is
 * only noted, and ends a system call that blocks. A broken pipe is ignored.
 */
void signals_catch(void);

/* The signal that came since signals_catch(), or 0. */
extern volatile sig_atomic_t signals_caught;

/*
 * Between the two, none of these signals arrives, neither here nor in a program that is
 * started: what must not be cut short, and does not take long.
 */
void signals_hold(void);
void signals_release(void);

/* Back to how it was before. Ends the process by the signal that was noted, if there was one. */
void signals_deliver(void);

#endif
