/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_POLICY_H
#define DAXCTL_POLICY_H

/*
 * What shall happen to a device's memory when kmem binds it: the values of
 * /sys/bus/dax/devices/daxX.Y/online_type. The kernel's strings are the ABI;
 * the numbers are not.
 */
enum policy {
	POLICY_DEFAULT,	       /* as /sys/devices/system/memory/auto_online_blocks says then */
	POLICY_OFFLINE,	       /* memory blocks exist and are offline */
	POLICY_ONLINE,	       /* online, in a zone that the kernel chooses */
	POLICY_ONLINE_KERNEL,  /* online in a kernel zone */
	POLICY_ONLINE_MOVABLE, /* online in the movable zone */
	POLICY_UNPLUGGED,      /* no memory blocks; the last one */
};

/* Room for any value that the kernel's attribute has, and for those of later kernels. */
#define POLICY_TEXT_SIZE 32

/* The kernel's string. */
const char *policy_name(enum policy policy);

/* What people may write instead, or NULL. */
const char *policy_short_name(enum policy policy);

/* What it does to the memory, in a few words. */
const char *policy_help(enum policy policy);

/* Every value in the kernel's spelling, separated by ", ". */
extern const char policy_names[];

/* Understands the kernel's strings and no other; 0 or -EINVAL. */
int policy_from_kernel(const char *text, enum policy *policy);

/*
 * Understands what people write: the kernel's strings, "-" for "_", and
 * "movable" and "kernel" for short; 0 or -EINVAL.
 */
int policy_from_user(const char *text, enum policy *policy);

/* Is the memory online after a bind under this policy? POLICY_DEFAULT: not by this policy. */
_Bool policy_is_online(enum policy policy);

#endif
