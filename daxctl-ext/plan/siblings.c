// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/siblings.h"

struct walk {
	struct siblings *siblings;
	const struct sysfs *sysfs;
	const char *not_this;
};

static int add(const char *name, void *data)
{
	const struct walk *walk = data;
	struct siblings *siblings = walk->siblings;
	struct sibling *more, one = { 0 };
	char driver[DAX_DRIVER_SIZE];
	uint64_t size;

	if (strcmp(name, walk->not_this) == 0 || dax_name_parse(name, one.name) < 0 ||
	    dax_device_read_driver(walk->sysfs, name, driver) < 0 || driver[0] ||
	    sysfs_read_number(walk->sysfs, &size, 0, DAX_DEVICES "/%s/size", name) < 0 || !size)
		return 0;
	if (sysfs_read(walk->sysfs, one.online_type, sizeof(one.online_type),
		       DAX_DEVICES "/%s/online_type", name) < 0)
		one.online_type[0] = '\0';
	more = reallocarray(siblings->one, siblings->nr + 1, sizeof(one));
	if (!more)
		return -ENOMEM;
	siblings->one = more;
	siblings->one[siblings->nr++] = one;
	return 0;
}

int siblings_find(struct siblings *siblings, const struct sysfs *sysfs, const char *device,
		  const char *driver)
{
	struct walk walk = { siblings, sysfs, device };

	*siblings = (struct siblings){ .driver = driver };
	return sysfs_for_each(sysfs, add, &walk, DAX_DEVICES);
}

void siblings_free(struct siblings *siblings)
{
	free(siblings->one);
	*siblings = (struct siblings){ 0 };
}
