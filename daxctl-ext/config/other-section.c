// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/match.h"
#include "config/other-section.h"
#include "config/saved-text.h"

int other_section_check(const char *text, const char *file, unsigned int line,
			const struct sysfs *sysfs, const struct dax_device *device,
			struct problem *problem)
{
	_cleanup_config_ struct config config = { 0 };
	int rc = config_parse(&config, file, text, strlen(text), problem);

	for (size_t i = 0; rc == 0 && i < config.nr; i++) {
		const struct config_section *section = &config.section[i];

		if (section->line == line)
			return 0;
		if (config_section_matches(section, sysfs, device))
			return problem_set(
				problem, -EEXIST, "remove that section by hand",
				"section '%.60s' (%s:%u) matches too, comes first, and is not as "
				"--save writes it: what is saved would have no effect",
				section->name, file, section->line);
	}
	return rc;
}

/* Does --save know the section that begins in this line for its own? */
static bool is_saved(const char *text, const char *file, unsigned int line)
{
	size_t from = 0;

	for (;;) {
		_cleanup_saved_block_ struct saved_block block;

		if (saved_find(text, from, file, &block) == -ENOENT)
			return false;
		if (block.line == line)
			return !block.is_extended;
		from = block.end;
	}
}

void other_section_describe(const char *text, const char *file, const struct sysfs *sysfs,
			    const struct dax_device *device, char *description, size_t size)
{
	_cleanup_config_ struct config config = { 0 };
	struct problem mistake;

	description[0] = '\0';
	/* No section is about a seed yet. */
	if (!device->size)
		return;
	/* What is beside a mistake is read as well. */
	config_parse(&config, file, text, strlen(text), &mistake);
	for (size_t i = 0; i < config.nr; i++) {
		const struct config_section *section = &config.section[i];

		if (!config_section_holds(section, sysfs, device) ||
		    is_saved(text, file, section->line))
			continue;
		snprintf(description, size, "section '%.60s' (%s:%u)",
			 section->name ? section->name : "", file, section->line);
		return;
	}
}
