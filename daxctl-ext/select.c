// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "select.h"

static bool is_wanted_region(int id, const char *regions)
{
	const char *at = regions;

	if (!regions)
		return true;
	while (*(at += strspn(at, " \t")) != '\0') {
		size_t length = strcspn(at, " \t");
		char *end;
		long number = strtol(at, &end, 0);

		if (length == 3 && strncmp(at, "all", 3) == 0)
			return true;
		if (end == at + length && number == id)
			return true;
		at += length;
	}
	return false;
}

static bool is_wanted(const char *name, const char (*wanted)[DAX_NAME_SIZE], size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (strcmp(wanted[i], "all") == 0 || strcmp(wanted[i], name) == 0)
			return true;
	}
	return false;
}

static int add(struct dax_names *names, const char *name)
{
	void *more = reallocarray(names->name, names->nr + 1, sizeof(*names->name));

	if (!more)
		return -ENOMEM;
	names->name = more;
	snprintf(names->name[names->nr++], DAX_NAME_SIZE, "%s", name);
	return 0;
}

int dax_select(struct dax_names *names, const char (*wanted)[DAX_NAME_SIZE], size_t nr_wanted,
	       const char *regions)
{
	struct daxctl_region *region;
	struct daxctl_dev *dev;
	struct daxctl_ctx *ctx;
	int rc;

	*names = (struct dax_names){ 0 };
	rc = daxctl_new(&ctx);
	if (rc < 0)
		return rc;
	daxctl_region_foreach(ctx, region)
	{
		if (!is_wanted_region(daxctl_region_get_id(region), regions))
			continue;
		daxctl_dev_foreach(region, dev)
		{
			const char *name = daxctl_dev_get_devname(dev);

			if (rc == 0 && is_wanted(name, wanted, nr_wanted))
				rc = add(names, name);
		}
	}
	daxctl_unref(ctx);
	return rc;
}

void dax_names_free(struct dax_names *names)
{
	free(names->name);
	*names = (struct dax_names){ 0 };
}
