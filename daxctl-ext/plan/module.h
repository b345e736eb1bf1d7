/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_MODULE_H
#define DAXCTL_MODULE_H

/*
 * Loads a kernel module and what it needs, as modprobe does for a device that
 * appears. 0 or a negative errno; -ECANCELED when modprobe.d keeps it out.
 */
int module_load(const char *name);

#endif
