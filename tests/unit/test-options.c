// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "commands/options.h"
#include "unit.h"

enum {
	REGION,
	HUMAN,
	MODE,
	NO_ONLINE,
	NO_MOVABLE,
	ONLINE_TYPE,
	MEMMAP,
	FALLBACK,
	DRY_RUN,
	NR
};

static const struct option_spec specs[NR] = {
	[REGION] = { 'r', "region", OPTION_VALUE, "region-id", "filter by region", false },
	[HUMAN] = { 'u', "human", OPTION_FLAG, NULL, "for people", false },
	[MODE] = { 'm', "mode", OPTION_VALUE, "mode", "the mode", false },
	[NO_ONLINE] = { 'N', "no-online", OPTION_FLAG, NULL, "keep offline", false },
	[NO_MOVABLE] = { 0, "no-movable", OPTION_FLAG, NULL, "kernel zone", false },
	[ONLINE_TYPE] = { 0, "online-type", OPTION_VALUE, "type", "the policy", true },
	[MEMMAP] = { 0, "memmap-on-memory", OPTION_OPTIONAL_VALUE, "on|off", "memmap", true },
	[FALLBACK] = { 0, "allow-fallback", OPTION_FLAG, NULL, "or else", true },
	[DRY_RUN] = { 'n', "dry-run", OPTION_FLAG, NULL, "only show", true },
};

#define MAX_WORDS 12

/* One command line and what must come out of it. */
struct example {
	const char *words[MAX_WORDS];
	const char *set;   /* the options that are set, as "mode=devdax human" */
	const char *rest;  /* the arguments, separated by whitespace */
	const char *error; /* NULL: none */
	bool has_ours;
};

static const struct example right[] = {
	{ { NULL }, "", "", NULL, false },
	{ { "dax0.0" }, "", "dax0.0", NULL, false },
	{ { "-m", "devdax", "dax0.0" }, "mode=devdax", "dax0.0", NULL, false },
	{ { "dax0.0", "-m", "devdax" }, "mode=devdax", "dax0.0", NULL, false },
	{ { "-mdevdax", "a", "b" }, "mode=devdax", "a b", NULL, false },
	{ { "--mode=devdax" }, "mode=devdax", "", NULL, false },
	{ { "--mode", "devdax" }, "mode=devdax", "", NULL, false },
	{ { "--mode=" }, "mode=", "", NULL, false },
	{ { "--mode", "--human" }, "mode=--human", "", NULL, false },
	{ { "-um", "devdax" }, "human mode=devdax", "", NULL, false },
	{ { "-umx" }, "human mode=x", "", NULL, false },
	{ { "-m", "a", "-m", "b" }, "mode=b", "", NULL, false },
	{ { "-m", "a", "--no-mode" }, "", "", NULL, false },
	{ { "--human", "--no-human" }, "", "", NULL, false },
	{ { "--no-human", "--human" }, "human", "", NULL, false },
	{ { "--no-online" }, "no-online", "", NULL, false },
	{ { "-N", "--online" }, "", "", NULL, false },
	{ { "-N", "--no-no-online" }, "", "", NULL, false },
	{ { "--no-movable", "--movable" }, "", "", NULL, false },
	{ { "--hu" }, "human", "", NULL, false },
	{ { "--re=0" }, "region=0", "", NULL, false },
	{ { "--mod", "x" }, "mode=x", "", NULL, false },
	{ { "--no-o" }, "no-online", "", NULL, false },
	{ { "--no-online-t" }, "", "", NULL, true },
	{ { "--", "-u", "--mode" }, "", "-u --mode", NULL, false },
	{ { "-u", "--", "--", "x" }, "human", "-- x", NULL, false },
	{ { "-" }, "", "-", NULL, false },
	{ { "" }, "", "", NULL, false },
	{ { "--online-type=movable", "x" }, "online-type=movable", "x", NULL, true },
	{ { "--online-type", "movable", "x" }, "online-type=movable", "x", NULL, true },
	{ { "--online-t", "movable" }, "online-type=movable", "", NULL, true },
	{ { "--online-type=a", "--no-online-type" }, "", "", NULL, true },
	/* What upstream accepts keeps its meaning. */
	{ { "-N", "--onl" }, "", "", NULL, false },
	{ { "-N", "--o" }, "", "", NULL, false },
	{ { "--memmap-on-memory" }, "memmap-on-memory", "", NULL, true },
	{ { "--memmap-on-memory", "off" }, "memmap-on-memory", "off", NULL, true },
	{ { "--memmap-on-memory=off" }, "memmap-on-memory=off", "", NULL, true },
	{ { "--me=on" }, "memmap-on-memory=on", "", NULL, true },
	{ { "-n" }, "dry-run", "", NULL, true },
	{ { "--dry", "-un" }, "human dry-run", "", NULL, true },
	{ { "--allow" }, "allow-fallback", "", NULL, true },
	{ { "--mode", "--online-type" }, "mode=--online-type", "", NULL, false },
};

static const struct example wrong[] = {
	{ { "--bogus" }, NULL, NULL, "unknown option `bogus'", false },
	{ { "--bogus=1" }, NULL, NULL, "unknown option `bogus=1'", false },
	{ { "-z" }, NULL, NULL, "unknown switch `z'", false },
	{ { "-uz" }, NULL, NULL, "unknown switch `z'", false },
	{ { "-N=3" }, NULL, NULL, "unknown switch `='", false },
	{ { "--mode" }, NULL, NULL, "option `mode' requires a value", false },
	{ { "-m" }, NULL, NULL, "switch `m' requires a value", false },
	{ { "--human=3" }, NULL, NULL, "option `human' takes no value", false },
	{ { "--no-mode=3" }, NULL, NULL, "option `mode' takes no value", false },
	{ { "--m" }, NULL, NULL, "Ambiguous option: m", false },
	{ { "--no-" }, NULL, NULL, "Ambiguous option: no-", false },
	{ { "--online-type" }, NULL, NULL, "option `online-type' requires a value", true },
	{ { "--bogus", "--online-type=x" }, NULL, NULL, "unknown option `bogus'", true },
	{ { "--online-type=x", "-z" }, NULL, NULL, "unknown switch `z'", true },
	{ { "--dry-run=1" }, NULL, NULL, "option `dry-run' takes no value", true },
};

static int parse(const struct example *example, struct command_line *line)
{
	char *argv[MAX_WORDS + 1];
	int argc = 0;

	for (; argc < MAX_WORDS && example->words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)example->words[argc];
	argv[argc] = NULL;
	return options_parse(line, specs, NR, argc, argv);
}

static void append(char *text, const char *separator, const char *more)
{
	if (*text)
		strcat(text, separator);
	strcat(text, more);
}

static void test_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		char set[200] = "", rest[200] = "";
		struct command_line line = { 0 };

		assert_int_equal(parse(&right[i], &line), 0);
		for (size_t j = 0; j < NR; j++) {
			if (!line.option[j].is_set)
				continue;
			append(set, " ", specs[j].long_name);
			if (line.option[j].value) {
				strcat(set, "=");
				strcat(set, line.option[j].value);
			}
		}
		for (size_t j = 0; j < line.nr_arguments; j++)
			append(rest, " ", line.argument[j]);
		assert_string_equal(set, right[i].set);
		assert_string_equal(rest, right[i].rest);
		assert_string_equal(line.error, "");
		assert_int_equal(line.has_ours, right[i].has_ours);
		command_line_free(&line);
	}
}

static void test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct command_line line = { 0 };

		assert_int_equal(parse(&wrong[i], &line), -EINVAL);
		assert_string_equal(line.error, wrong[i].error);
		assert_int_equal(line.has_ours, wrong[i].has_ours);
		command_line_free(&line);
	}
}

static void test_help(void **state)
{
	static const struct example helps[] = {
		{ { "-h", "--bogus" }, NULL, NULL, NULL, false },
		{ { "-uh" }, NULL, NULL, NULL, false },
		{ { "x", "--help" }, NULL, NULL, NULL, false },
		{ { "--help-all" }, NULL, NULL, NULL, false },
	};
	static const struct example names = { { "--list-opts", "-z" }, NULL, NULL, NULL, false };
	struct command_line line = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(helps); i++) {
		assert_int_equal(parse(&helps[i], &line), 0);
		assert_true(line.wants_help);
		command_line_free(&line);
	}
	assert_int_equal(parse(&names, &line), 0);
	assert_true(line.lists_names);
	command_line_free(&line);
}

static void test_usage(void **state)
{
	char text[2000] = "";
	FILE *stream = fmemopen(text, sizeof(text), "w");

	(void)state;
	options_usage(stream, "daxctl x", specs, 2);
	options_usage(stream, "daxctl y", specs + MEMMAP, 1);
	fclose(stream);
	assert_string_equal(text, "\n usage: daxctl x\n\n"
				  "    -r, --region <region-id>\n"
				  "                          filter by region\n"
				  "    -u, --human           for people\n\n"
				  "\n usage: daxctl y\n\n"
				  "        --memmap-on-memory[=<on|off>]\n"
				  "                          memmap\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("command lines mean what they mean to upstream's daxctl", test_right),
		TEST("mistakes are told as the distribution tells them, whosever they are",
		     test_wrong),
		TEST("a request for help ends the line", test_help),
		TEST("the usage text has upstream's layout", test_usage),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
