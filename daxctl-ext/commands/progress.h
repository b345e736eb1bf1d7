/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_PROGRESS_H
#define DAXCTL_PROGRESS_H

#include <stddef.h>

/*
 * A line on the terminal, if standard error is one, that says how far a step is which
 * takes longer than a second, and goes away when @done is @total. With @done 0 it is
 * shown at once: the kernel does all of it before it answers. As executor.progress.
 */
void progress_show(void *data, const char *device, const char *doing, size_t done, size_t total);

#endif
