// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configuration files of any content: no crash, no section half understood, and what
 * --save and --forget do to such a file changes no other section.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/saved-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config_section *section)
{
	if (!section->file || !section->name)
		abort();
	if (!section->has_ours)
		return;
	if (!section->nvdimm_uuid && !section->dax_path && !section->has_cxl_serial &&
	    !section->has_dax_resource && !section->has_target_node)
		abort();
	if ((section->has_policy || section->has_memmap) &&
	    (section->has_online || section->has_movable))
		abort();
}

/* How many sections there are; the text must be as sound as it was. */
static size_t count_sections(const char *text)
{
	struct config config = { 0 };
	struct problem problem = { 0 };
	size_t nr;

	if (config_parse(&config, "fuzz.conf", text, strlen(text), &problem) < 0)
		abort();
	nr = config.nr;
	config_free(&config);
	return nr;
}

/* The block that begins furthest behind in the text. */
static void find_last(const char *text, struct saved_block *last)
{
	struct saved_block block;
	size_t from = 0;

	*last = (struct saved_block){ 0 };
	while (saved_find(text, from, "fuzz.conf", &block) == 0) {
		if (block.end <= block.begin || block.begin < from)
			abort();
		from = block.end;
		saved_block_free(last);
		*last = block;
	}
	saved_block_free(&block);
}

static void check_saving(const char *text, size_t nr)
{
	static const char section[] = "[reconfigure-device saved dax.resource 0x1]\n" SAVED_MARK
				      " for dax0.0.\ndax.resource = 0x1\nonline_type = offline\n";
	char *appended = saved_append(text, section), *replaced;
	struct saved_block block;

	if (!appended || count_sections(appended) != nr + 1)
		abort();
	find_last(appended, &block);
	if (block.end != strlen(appended) || block.config.nr != 1 || block.is_extended)
		abort();
	replaced = saved_replace(appended, block.begin, block.end, section);
	if (!replaced || strcmp(replaced, appended) != 0)
		abort();
	free(replaced);
	replaced = saved_replace(appended, block.begin, block.end, NULL);
	if (!replaced || count_sections(replaced) != nr ||
	    strncmp(replaced, text, strlen(text)) != 0)
		abort();
	free(replaced);
	free(appended);
	saved_block_free(&block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = { 0 };
	struct problem problem = { 0 };
	int rc = config_parse(&config, "fuzz.conf", (const char *)data, size, &problem);
	char *text = strndup((const char *)data, size);

	if (!text || (rc < 0) != (problem.err < 0) || (rc < 0 && !problem.text[0]))
		abort();
	for (size_t i = 0; rc == 0 && i < config.nr; i++)
		check(&config.section[i]);
	if (rc == 0)
		check_saving(text, config.nr);
	config_free(&config);
	free(text);
	return 0;
}
