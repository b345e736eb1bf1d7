// SPDX-License-Identifier: GPL-2.0-only
/*
 * Command lines of any content, each word on a line: no crash, every value and
 * argument is part of the line, and extension options are recognised.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"

#define MAX_WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option_spec specs[] = {
	{ 'r', "region", OPTION_VALUE, "region-id", "", false },
	{ 'u', "human", OPTION_FLAG, NULL, "", false },
	{ 'm', "mode", OPTION_VALUE, "mode", "", false },
	{ 'N', "no-online", OPTION_FLAG, NULL, "", false },
	{ 0, "no-movable", OPTION_FLAG, NULL, "", false },
	{ 0, "online-type", OPTION_VALUE, "type", "", true },
	{ 0, "memmap-on-memory", OPTION_OPTIONAL_VALUE, "on|off", "", true },
	{ 'n', "dry-run", OPTION_FLAG, NULL, "", true },
};

#define NR_SPECS (sizeof(specs) / sizeof(specs[0]))

static void check(const struct command_line *line, const char *text, size_t size)
{
	for (size_t i = 0; i < NR_SPECS; i++) {
		const struct option_value *option = &line->option[i];

		if (option->value && (option->value < text || option->value > text + size))
			abort();
		if (option->value && specs[i].type == OPTION_FLAG)
			abort();
		if (option->is_set && specs[i].is_ours && !line->has_ours)
			abort();
		if (option->is_set && specs[i].type == OPTION_VALUE && !option->value)
			abort();
	}
	for (size_t i = 0; i < line->nr_arguments; i++) {
		if (line->argument[i] < text || line->argument[i] > text + size)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *argv[MAX_WORDS + 1], *word;
	struct command_line line = { 0 };
	int argc = 0, rc;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (word = text; word && argc < MAX_WORDS; argc++) {
		char *end = strchr(word, '\n');

		argv[argc] = word;
		if (end)
			*end++ = '\0';
		word = end;
	}
	argv[argc] = NULL;
	rc = options_parse(&line, specs, NR_SPECS, argc, argv);
	if ((rc < 0) != (line.error[0] != '\0'))
		abort();
	check(&line, text, size);
	command_line_free(&line);
	free(text);
	return 0;
}
