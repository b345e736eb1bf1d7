// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "device/policy.h"

static const struct {
	const char *name;
	const char *short_name;
	const char *help;
} policies[] = {
	[POLICY_DEFAULT] = { "default", NULL, "as auto_online_blocks says when kmem binds it" },
	[POLICY_OFFLINE] = { "offline", NULL, "memory blocks exist and are offline" },
	[POLICY_ONLINE] = { "online", NULL, "online, in a zone that the kernel chooses" },
	[POLICY_ONLINE_KERNEL] = { "online_kernel", "kernel",
				   "online in a kernel zone; it may never come out again" },
	[POLICY_ONLINE_MOVABLE] = { "online_movable", "movable",
				    "online in ZONE_MOVABLE, so that it can come out again" },
	[POLICY_UNPLUGGED] = { "unplugged", NULL, "bound without memory blocks (Linux 7.3)" },
};

#define NR_POLICIES (sizeof(policies) / sizeof(policies[0]))

const char policy_names[] = "default, offline, online, online_kernel, online_movable, unplugged";

const char *policy_name(enum policy policy)
{
	return policies[policy].name;
}

const char *policy_short_name(enum policy policy)
{
	return policies[policy].short_name;
}

const char *policy_help(enum policy policy)
{
	return policies[policy].help;
}

int policy_from_kernel(const char *text, enum policy *policy)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		if (strcmp(text, policies[i].name) == 0) {
			*policy = (enum policy)i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool is_spelling_of(const char *text, const char *name)
{
	for (; *text && *name; text++, name++) {
		if (*text != *name && !(*text == '-' && *name == '_'))
			return false;
	}
	return *text == *name;
}

int policy_from_user(const char *text, enum policy *policy)
{
	for (size_t i = 0; i < NR_POLICIES; i++) {
		const char *short_name = policies[i].short_name;

		if (is_spelling_of(text, policies[i].name) ||
		    (short_name && strcmp(text, short_name) == 0)) {
			*policy = (enum policy)i;
			return 0;
		}
	}
	return -EINVAL;
}

_Bool policy_is_online(enum policy policy)
{
	return policy == POLICY_ONLINE || policy == POLICY_ONLINE_KERNEL ||
	       policy == POLICY_ONLINE_MOVABLE;
}
