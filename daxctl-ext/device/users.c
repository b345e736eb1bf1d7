// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

#include "device/device.h"
#include "device/users.h"

#define PROC	  "../proc"
#define MAX_NAMED 4

struct users {
	const struct sysfs *sysfs;
	dev_t node;
	const char *process; /* that is looked at */
	const char *files;   /* which of its directories */
	size_t nr;
	char *text;
	size_t size;
};

static int is_node(const char *name, void *data)
{
	const struct users *users = data;
	dev_t node;

	return sysfs_read_node(users->sysfs, &node, PROC "/%s/%s/%s", users->process, users->files,
			       name) == 0 &&
	       node == users->node;
}

static bool uses(struct users *users, const char *files)
{
	users->files = files;
	return sysfs_for_each(users->sysfs, is_node, users, PROC "/%s/%s", users->process, files) >
	       0;
}

static void add_user(struct users *users)
{
	size_t used = strlen(users->text);
	char name[32] = "?";

	if (users->nr++ >= MAX_NAMED)
		return;
	sysfs_read(users->sysfs, name, sizeof(name), PROC "/%s/comm", users->process);
	snprintf(users->text + used, users->size - used, "%s%s (%s)", users->nr > 1 ? ", " : "",
		 users->process, name);
}

static int look_at(const char *name, void *data)
{
	struct users *users = data;
	char program[256];

	users->process = name;
	/* The kernel's own threads have no program, and no files. */
	if (isdigit((unsigned char)name[0]) &&
	    sysfs_link_name(users->sysfs, program, sizeof(program), PROC "/%s/exe", name) >= 0 &&
	    (uses(users, "fd") || uses(users, "map_files")))
		add_user(users);
	return 0;
}

void users_describe(const struct sysfs *sysfs, const char *device, char *text, size_t size)
{
	struct users users = { .sysfs = sysfs, .text = text, .size = size };
	unsigned int major, minor;
	char number[32];
	size_t used;

	text[0] = '\0';
	if (sysfs_read(sysfs, number, sizeof(number), DAX_DEVICES "/%s/dev", device) < 0 ||
	    sscanf(number, "%u:%u", &major, &minor) != 2)
		return;
	users.node = makedev(major, minor);
	sysfs_for_each(sysfs, look_at, &users, PROC);
	used = strlen(text);
	if (users.nr > MAX_NAMED)
		snprintf(text + used, size - used, " and %zu more", users.nr - MAX_NAMED);
}
