// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "cleanup.h"
#include "device/select.h"

/* As sscanf() reads "%d": what does not fit into 32 bits is cut off. */
static bool read_int(const char **text, int *number)
{
	char *end;
	long value = strtol(*text, &end, 10);

	if (end == *text)
		return false;
	*text = end;
	*number = (int)value;
	return true;
}

static const char *skip_prefix(const char *text)
{
	static const char prefix[] = "region";

	return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : text;
}

/* "0" or "region0", as upstream reads them, which looks at nothing behind the number. */
static bool is_region_to_upstream(int id, const char *text)
{
	int number;

	if (read_int(&text, &number))
		return number == id;
	text = skip_prefix(text);
	return read_int(&text, &number) && number == id;
}

/* "0" or "region0", and nothing else. -1: it is no region. */
static int parse_region(const char *word)
{
	const char *digits = skip_prefix(word);
	unsigned long id = strtoul(digits, NULL, 10);

	return *digits && !digits[strspn(digits, "0123456789")] && id <= INT_MAX ? (int)id : -1;
}

static char *next_word(char *words, char **rest)
{
	return strtok_r(words, " \t\n", rest);
}

/* 0, -EINVAL or -ENOMEM. */
static int check_regions(const char *regions)
{
	_cleanup_free_ char *words = strdup(regions);
	char *rest = NULL, *word;

	if (!words)
		return -ENOMEM;
	word = next_word(words, &rest);
	if (!word)
		return -EINVAL;
	for (; word; word = next_word(NULL, &rest)) {
		if (strcmp(word, "all") != 0 && parse_region(word) < 0)
			return -EINVAL;
	}
	return 0;
}

static bool is_wanted_region(int id, const struct dax_targets *targets)
{
	_cleanup_free_ char *words = NULL;
	char *rest = NULL, *word;

	if (!targets->regions || strcmp(targets->regions, "all") == 0)
		return true;
	if (targets->is_upstream)
		return is_region_to_upstream(id, targets->regions);
	words = strdup(targets->regions);
	for (word = words ? next_word(words, &rest) : NULL; word; word = next_word(NULL, &rest)) {
		if (strcmp(word, "all") == 0 || parse_region(word) == id)
			return true;
	}
	return false;
}

int dax_targets_read(struct dax_targets *targets, const char **argument, size_t nr,
		     const char *regions, const char **wrong)
{
	int rc;

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
	rc = regions ? check_regions(regions) : 0;
	if (rc == -EINVAL)
		*wrong = regions;
	return rc;
}

/* Signs, leading zeros and what follows the number make no difference to upstream. */
static bool parse_as_upstream(const char *text, char name[DAX_NAME_SIZE])
{
	const char *slash = strrchr(text, '/');
	int region, id;

	if (slash)
		text = slash + 1;
	if (strcmp(text, "all") == 0) {
		strcpy(name, "all");
		return true;
	}
	if (strncmp(text, "dax", 3) == 0)
		return dax_name_parse(text, name) == 0;
	if (!read_int(&text, &region) || *text != '.')
		return false;
	text++;
	if (!read_int(&text, &id))
		return false;
	snprintf(name, DAX_NAME_SIZE, "dax%d.%d", region, id);
	return true;
}

int dax_select_as_upstream(struct dax_targets *targets, struct dax_names *names,
			   const char *argument, const char *region)
{
	*names = (struct dax_names){ 0 };
	*targets = (struct dax_targets){ .regions = region, .is_upstream = true };
	targets->name = calloc(1, sizeof(*targets->name));
	if (!targets->name)
		return -ENOMEM;
	if (!parse_as_upstream(argument, targets->name[0]))
		return 0;
	targets->nr = 1;
	return dax_select(names, targets);
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

bool dax_targets_have_region_of(const struct dax_targets *targets, const char *name)
{
	int region;

	name += strncmp(name, "dax", 3) == 0 ? 3 : 0;
	return read_int(&name, &region) && is_wanted_region(region, targets);
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
		if (!is_wanted_region(daxctl_region_get_id(region), targets))
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

bool dax_names_have(const struct dax_names *list, const char *name)
{
	for (size_t i = 0; i < list->nr; i++) {
		if (strcmp(list->name[i], name) == 0)
			return true;
	}
	return false;
}

void dax_names_free(struct dax_names *list)
{
	free(list->name);
	*list = (struct dax_names){ 0 };
}
