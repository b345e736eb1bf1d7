/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_MODULE_H
#define DAXCTL_MODULE_H

/*
 * Loads a kernel module and what it needs, as modprobe does for a device that
 * appears. 0 or a negative errno; -ECANCELED when modprobe.d keeps it out.
 */
int module_load(const char *name);

/*
 * What modprobe.d or the kernel's command line gives a parameter of a module, if the module's
 * description of it does not have that value: *value, which the caller frees; NULL if there is no
 * such value, or no such module. 0 or a negative errno.
 */
int module_refused_value(const char *name, const char *parameter, char **value);

#endif
