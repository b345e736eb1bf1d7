// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"

#define USAGE_COLUMN 26 /* where the help texts begin */

struct parser {
	struct command_line *line;
	const struct option_spec *spec;
	size_t nr_specs;
	char **begin;
	char **next; /* the argument that is read next */
	char **end;
};

/* How an option was meant. */
struct match {
	const struct option_spec *spec;
	bool is_negated;
};

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void fail(struct parser *parser, const char *format, const char *text)
	__attribute__((format(printf, 2, 0)));

static void fail(struct parser *parser, const char *format, const char *text)
{
	if (!parser->line->error[0])
		snprintf(parser->line->error, sizeof(parser->line->error), format, text);
}

/* The word that was read last is, or has in it, an option of ours. */
static void note_ours(struct parser *parser)
{
	parser->line->has_ours = true;
	parser->line->is_our_word[parser->next - parser->begin - 1] = true;
}

static void take(struct parser *parser, const struct match *match, const char *value)
{
	struct option_value *option = &parser->line->option[match->spec - parser->spec];

	option->is_set = !match->is_negated;
	option->value = match->is_negated ? NULL : value;
}

/*
 * @name (of @length) against one spec, exactly or as an abbreviation. An option
 * called no-x is cancelled by x, and every other by no- and its name.
 */
static bool matches(const struct option_spec *spec, const char *name, size_t length, bool exactly,
		    bool *is_negated)
{
	const char *long_name = spec->long_name;
	char negation[40];

	*is_negated = false;
	if (strncmp(long_name, name, length) == 0 && (!exactly || !long_name[length]))
		return true;
	*is_negated = true;
	if (starts_with(long_name, "no-") && strncmp(long_name + 3, name, length) == 0 &&
	    (!exactly || !long_name[3 + length]))
		return true;
	snprintf(negation, sizeof(negation), "no-%s", long_name);
	return strncmp(negation, name, length) == 0 && (!exactly || !negation[length]);
}

/* Looks among the options of one owner. Returns how many there are, at most 2. */
static int search(const struct parser *parser, const char *name, size_t length, bool ours,
		  bool exactly, struct match *match)
{
	int found = 0;

	for (size_t i = 0; i < parser->nr_specs && found < 2; i++) {
		const struct option_spec *spec = &parser->spec[i];
		bool is_negated;

		if (spec->is_ours != ours || !matches(spec, name, length, exactly, &is_negated))
			continue;
		if (found++ == 0)
			*match = (struct match){ spec, is_negated };
	}
	return found;
}

/* Upstream options go first: what it understands means what it means there. */
static int find_long(const struct parser *parser, const char *name, size_t length,
		     struct match *match)
{
	static const struct {
		bool ours, exactly;
	} order[] = { { false, true }, { true, true }, { false, false }, { true, false } };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int found = search(parser, name, length, order[i].ours, order[i].exactly, match);

		if (found)
			return found;
	}
	return 0;
}

static void parse_long(struct parser *parser, const char *name)
{
	size_t length = strcspn(name, "=");
	const char *value = name[length] ? name + length + 1 : NULL;
	struct match match = { 0 };

	switch (find_long(parser, name, length, &match)) {
	case 0:
		fail(parser, "unknown option `%s'", name);
		return;
	case 1:
		break;
	default:
		fail(parser, "Ambiguous option: %s", name);
		return;
	}
	if (match.spec->is_ours)
		note_ours(parser);
	if ((match.is_negated || match.spec->type == OPTION_FLAG) && value) {
		fail(parser, "option `%s' takes no value", match.spec->long_name);
		return;
	}
	if (match.spec->type == OPTION_VALUE && !match.is_negated && !value) {
		if (parser->next == parser->end) {
			fail(parser, "option `%s' requires a value", match.spec->long_name);
			return;
		}
		value = *parser->next++;
	}
	take(parser, &match, value);
}

static const struct option_spec *find_short(const struct parser *parser, char name)
{
	for (size_t i = 0; i < parser->nr_specs; i++) {
		if (parser->spec[i].short_name == name)
			return &parser->spec[i];
	}
	return NULL;
}

/* A cluster such as -fu or -mdevdax. Returns false at -h. */
static bool parse_short(struct parser *parser, const char *cluster)
{
	for (; *cluster; cluster++) {
		const struct option_spec *spec = find_short(parser, *cluster);
		char name[2] = { *cluster, '\0' };
		struct match match = { spec, false };
		const char *value = NULL;

		if (*cluster == 'h')
			return false;
		if (!spec) {
			fail(parser, "unknown switch `%s'", name);
			return true;
		}
		if (spec->is_ours)
			note_ours(parser);
		if (spec->type == OPTION_VALUE) {
			if (cluster[1]) {
				value = cluster + 1;
			} else if (parser->next == parser->end) {
				fail(parser, "switch `%s' requires a value", name);
				return true;
			} else {
				value = *parser->next++;
			}
		}
		take(parser, &match, value);
		if (value)
			return true;
	}
	return true;
}

int options_parse(struct command_line *line, const struct option_spec *spec, size_t nr_specs,
		  int argc, char **argv)
{
	struct parser parser = { line, spec, nr_specs, argv, argv, argv + argc };
	bool only_arguments = false;

	*line = (struct command_line){ 0 };
	line->argument = calloc((size_t)argc + 1, sizeof(*line->argument));
	line->is_our_word = calloc((size_t)argc + 1, sizeof(*line->is_our_word));
	if (!line->argument || !line->is_our_word)
		return -ENOMEM;
	while (parser.next < parser.end && !line->wants_help && !line->lists_names) {
		const char *text = *parser.next++;

		if (only_arguments || text[0] != '-' || !text[1])
			line->argument[line->nr_arguments++] = text;
		else if (text[1] != '-')
			line->wants_help = !parse_short(&parser, text + 1);
		else if (!text[2])
			only_arguments = true;
		else if (strcmp(text, "--help") == 0)
			line->wants_help = line->wants_manual = true;
		else if (strcmp(text, "--help-all") == 0)
			line->wants_help = true;
		else if (strcmp(text, "--list-opts") == 0)
			line->lists_names = true;
		else
			parse_long(&parser, text + 2);
	}
	return line->error[0] ? -EINVAL : 0;
}

void command_line_free(struct command_line *line)
{
	free(line->argument);
	free(line->is_our_word);
	line->argument = NULL;
	line->is_our_word = NULL;
}

char **options_without_ours(const struct command_line *line, int argc, char **argv)
{
	char **words = calloc((size_t)argc + 1, sizeof(*words));
	size_t nr = 0;

	for (int i = 0; words && i < argc; i++) {
		if (i < 2 || !line->is_our_word[i - 2])
			words[nr++] = argv[i];
	}
	return words;
}

void options_usage(FILE *stream, const char *synopsis, const struct option_spec *spec,
		   size_t nr_specs)
{
	fprintf(stream, "\n usage: %s\n\n", synopsis);
	for (size_t i = 0; i < nr_specs; i++) {
		int column = fprintf(stream, "    ");

		if (spec[i].short_name)
			column += fprintf(stream, "-%c, ", spec[i].short_name);
		else
			column += fprintf(stream, "    ");
		column += fprintf(stream, "--%s", spec[i].long_name);
		if (spec[i].type == OPTION_VALUE)
			column += fprintf(stream, " <%s>", spec[i].value_name);
		else if (spec[i].type == OPTION_OPTIONAL_VALUE)
			column += fprintf(stream, "[=<%s>]", spec[i].value_name);
		if (column > USAGE_COLUMN - 2) {
			fputc('\n', stream);
			column = 0;
		}
		fprintf(stream, "%*s%s\n", USAGE_COLUMN - column, "", spec[i].help);
	}
	fputc('\n', stream);
}
