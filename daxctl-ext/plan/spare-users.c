// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "plan/spare-users.h"

int spare_users(const char *name, const char *users, bool force, char *note, size_t size,
		struct problem *problem)
{
	note[0] = '\0';
	if (!users[0])
		return 0;
	if (!force)
		return problem_set(problem, -EBUSY,
				   "end them; with --force they lose it, and get SIGBUS when they "
				   "access memory that they have mapped",
				   "these processes have /dev/%s open or mapped: %s", name, users);
	snprintf(note, size,
		 "these processes lose /dev/%s, and get SIGBUS if they have it mapped: %s", name,
		 users);
	return 0;
}
