// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <daxctl/libdaxctl.h>

#include "cleanup.h"
#include "commands/sections.h"
#include "config/match.h"
#include "config/read.h"

char *sections_directory(void)
{
	struct daxctl_ctx *ctx;
	char *directory;

	if (config_directory)
		return strdup(config_directory);
	if (daxctl_new(&ctx) < 0)
		return NULL;
	directory = strdup(daxctl_get_config_path(ctx));
	daxctl_unref(ctx);
	return directory;
}

int sections_read(struct config *config, struct problem *problem)
{
	_cleanup_free_ char *directory = sections_directory();

	if (!directory)
		return problem_set(problem, -ENOMEM, NULL, "out of memory");
	return config_read(config, directory, problem);
}

const struct config_section *sections_find(const struct config *config, const struct sysfs *sysfs,
					   const struct dax_device *device)
{
	const struct config_section *found = NULL;

	if (!device->size)
		return NULL;
	for (size_t i = 0; i < config->nr; i++) {
		const struct config_section *section = &config->section[i];
		struct problem problem;

		if (config_section_is_ambiguous(section, sysfs, device, &problem)) {
			fprintf(stderr, "%s: error: %s\n%s: %s\n", device->name, problem.text,
				device->name, problem.advice);
			continue;
		}
		if (!config_section_matches(section, sysfs, device))
			continue;
		if (!found) {
			found = section;
			continue;
		}
		fprintf(stderr,
			"%s: warning: section '%s' (%s:%u) matches too; '%s' (%s:%u) is used\n",
			device->name, section->name, section->file, section->line, found->name,
			found->file, found->line);
	}
	return found;
}

bool sections_are_ambiguous(const struct config *config, const struct sysfs *sysfs,
			    const struct dax_device *device)
{
	struct problem problem;

	for (size_t i = 0; device->size && i < config->nr; i++) {
		if (config_section_is_ambiguous(&config->section[i], sysfs, device, &problem))
			return true;
	}
	return false;
}
