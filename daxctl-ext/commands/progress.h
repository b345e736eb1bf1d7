/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_PROGRESS_H
#define DAXCTL_PROGRESS_H

#include <stddef.h>

/*
 * On a terminal, a line that says how far a step is which takes longer than a second,
 * and goes away when @done is @total. With @done 0 it is shown at once: the kernel may do
 * all of it before it answers. Where standard error is no terminal, one line when a second
 * has gone by. As executor.progress.
 */
void progress_show(void *data, const char *device, const char *doing, size_t done, size_t total);

#endif
