// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "device/select.h"

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

int dax_targets_read(struct dax_targets *targets, const char **argument, size_t nr,
		     const char *regions, const char **wrong)
{
	*targets = (struct dax_targets){ .regions = regions };
	targets->name = calloc(nr + 1, sizeof(*targets->name));
	if (!targets->name)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		char *name = targets->name[targets->nr++];

		if (strcmp(argument[i], "all") == 0) {
			strcpy(name, "all");
		} else if (dax_name_parse(argument[i], name) < 0) {
			*wrong = argument[i];
			return -EINVAL;
		}
	}
	return 0;
}

void dax_targets_free(struct dax_targets *targets)
{
	free(targets->name);
	*targets = (struct dax_targets){ 0 };
}

static bool names(const struct dax_targets *targets, const char *name)
{
	for (size_t i = 0; i < targets->nr; i++) {
		if (strcmp(targets->name[i], name) == 0)
			return true;
	}
	return false;
}

bool dax_targets_are_all(const struct dax_targets *targets)
{
	return names(targets, "all");
}

int dax_names_add(struct dax_names *list, const char *name)
{
	void *more = reallocarray(list->name, list->nr + 1, sizeof(*list->name));

	if (!more)
		return -ENOMEM;
	list->name = more;
	snprintf(list->name[list->nr++], DAX_NAME_SIZE, "%s", name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(a, b);
}

int dax_select(struct dax_names *list, const struct dax_targets *targets)
{
	bool all = dax_targets_are_all(targets);
	struct daxctl_region *region;
	struct daxctl_dev *dev;
	struct daxctl_ctx *ctx;
	int rc;

	*list = (struct dax_names){ 0 };
	rc = daxctl_new(&ctx);
	if (rc < 0)
		return rc;
	daxctl_region_foreach(ctx, region)
	{
		if (!is_wanted_region(daxctl_region_get_id(region), targets->regions))
			continue;
		daxctl_dev_foreach(region, dev)
		{
			const char *name = daxctl_dev_get_devname(dev);

			if (rc == 0 && (all || names(targets, name)))
				rc = dax_names_add(list, name);
		}
	}
	daxctl_unref(ctx);
	if (list->nr)
		qsort(list->name, list->nr, sizeof(*list->name), compare_names);
	return rc;
}

bool dax_names_all(const struct sysfs *sysfs, const struct dax_names *list, enum dax_mode mode)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (!dax_device_is_in_mode(sysfs, list->name[i], mode))
			return false;
	}
	return true;
}

bool dax_names_any(const struct sysfs *sysfs, const struct dax_names *list, enum dax_mode mode)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (dax_device_is_in_mode(sysfs, list->name[i], mode))
			return true;
	}
	return false;
}

void dax_names_free(struct dax_names *list)
{
	free(list->name);
	*list = (struct dax_names){ 0 };
}
