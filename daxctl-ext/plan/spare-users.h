/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SPARE_USERS_H
#define DAXCTL_SPARE_USERS_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

/*
 * May a device be unbound from devdax or famfs mode although @users, which
 * users_describe() has named, have it open or mapped? The kernel unbinds it all the same,
 * and their next access to the mapping is a SIGBUS: to the guest of a virtual machine that
 * is the end. -EBUSY fills in @problem. With @force 0, and a warning in @note. @note is ""
 * if there are no users.
 */
int spare_users(const char *name, const char *users, bool force, char *note, size_t size,
		struct problem *problem);

#endif
