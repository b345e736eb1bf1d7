// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/saved-text.h"

const char saved_heading[] =
	"# Sections of daxctl reconfigure-device --save; --forget removes them.\n";

static bool starts_with(const char *text, const char *prefix)
{
	for (; *prefix; prefix++, text++) {
		if (*text != *prefix)
			return false;
	}
	return true;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Does the line give a value to this key, as --save writes it? */
static bool has_key(const char *line, const char *key)
{
	return starts_with(line, key) && starts_with(line + strlen(key), " = ");
}

static bool is_condition(const char *line)
{
	return has_key(line, "nvdimm.uuid") || has_key(line, "cxl.serial") ||
	       has_key(line, "dax.resource");
}

/* Behind its keys, may there be only what belongs to no section? */
static bool has_more_keys(const char *line)
{
	for (; *line; line = next_line(line)) {
		const char *text = line + strspn(line, " \t\r");

		if (*text == '[')
			return false;
		if (*text && !strchr("\n#;", *text))
			return true;
	}
	return false;
}

/* Where the section that begins with this line ends; NULL if --save did not write it. */
static const char *end_of_block(const char *line)
{
	if (!starts_with(line, "[reconfigure-device "))
		return NULL;
	line = next_line(line);
	if (!starts_with(line, SAVED_MARK))
		return NULL;
	line = next_line(line);
	if (!is_condition(line))
		return NULL;
	line = next_line(line);
	if (!has_key(line, "online_type"))
		return NULL;
	line = next_line(line);
	return has_key(line, "memmap_on_memory") ? next_line(line) : line;
}

static int parse_block(const char *text, const char *file, struct saved_block *block)
{
	struct problem problem;

	block->is_extended = has_more_keys(text + block->end);
	return config_parse(&block->config, file, text + block->begin, block->end - block->begin,
			    &problem);
}

int saved_find(const char *text, size_t from, const char *file, struct saved_block *block)
{
	unsigned int number = 0;

	*block = (struct saved_block){ 0 };
	for (const char *line = text; *line; line = next_line(line)) {
		const char *end;

		number++;
		if ((size_t)(line - text) < from)
			continue;
		end = end_of_block(line);
		if (!end)
			continue;
		block->begin = (size_t)(line - text);
		block->end = (size_t)(end - text);
		block->line = number;
		return parse_block(text, file, block);
	}
	return -ENOENT;
}

void saved_block_free(struct saved_block *block)
{
	config_free(&block->config);
}

char *saved_replace(const char *text, size_t begin, size_t end, const char *insert)
{
	char *result;

	if (!insert && begin >= 2 && text[begin - 1] == '\n' && text[begin - 2] == '\n')
		begin--;
	if (asprintf(&result, "%.*s%s%s", (int)begin, text, insert ? insert : "", text + end) < 0)
		return NULL;
	return result;
}

char *saved_append(const char *text, const char *section)
{
	size_t length = strlen(text);
	bool is_open = length > 0 && text[length - 1] != '\n';
	char *result;

	if (asprintf(&result, "%s%s%s%s", text, is_open ? "\n" : "", length ? "\n" : "", section) <
	    0)
		return NULL;
	return result;
}

bool saved_is_empty(const char *text)
{
	if (starts_with(text, saved_heading))
		text += strlen(saved_heading);
	return !text[strspn(text, " \t\r\n")];
}
