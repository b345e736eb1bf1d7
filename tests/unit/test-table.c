// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "commands/table.h"
#include "unit.h"

static const struct table_column columns[] = {
	{ "NAME", TABLE_LEFT },
	{ "SIZE", TABLE_RIGHT },
	{ "PARTS", TABLE_STACK },
	{ "WHERE", TABLE_CLIP },
};

static const struct table_row rows[] = {
	{ { { "a", NULL }, { "2G", NULL }, { "15 x", NULL }, { "here", "31" } } },
	{ { { "longer", NULL },
	    { "512M", NULL },
	    { "1 x\n20 yy\n3 z", NULL },
	    { "somewhere", NULL } } },
	{ { { "b", NULL }, { "10000M", NULL }, { "", NULL }, { "", NULL } } },
};

static char *print(size_t nr, size_t width, bool colour)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	table_print(stream, columns, ARRAY_SIZE(columns), rows, nr, width, colour);
	fclose(stream);
	return text;
}

static void assert_printed(size_t nr, size_t width, bool colour, const char *expected)
{
	char *text = print(nr, width, colour);

	assert_string_equal(text, expected);
	free(text);
}

static const char wide[] = "NAME      SIZE  PARTS            WHERE\n"
			   "a           2G  15 x             here\n"
			   "longer    512M  1 x, 20 yy, 3 z  somewhere\n"
			   "b       10000M\n";

static void test_columns(void **state)
{
	(void)state;
	assert_printed(3, 0, false, wide);
	assert_printed(3, 42, false, wide);
	assert_printed(1, 80, false, "NAME  SIZE  PARTS  WHERE\na       2G  15 x   here\n");
	assert_printed(0, 80, false, "NAME  SIZE  PARTS  WHERE\n");
}

static void test_stack(void **state)
{
	static const char stacked[] = "NAME      SIZE  PARTS  WHERE\n"
				      "a           2G  15 x   here\n"
				      "longer    512M  1 x    somewhere\n"
				      "                20 yy\n"
				      "                3 z\n"
				      "b       10000M\n";

	(void)state;
	assert_printed(3, 41, false, stacked);
	assert_printed(3, 32, false, stacked);
}

static void test_clip(void **state)
{
	static const char clipped[] = "NAME      SIZE  PARTS  WHERE\n"
				      "a           2G  15 x   here\n"
				      "longer    512M  1 x    so...\n"
				      "                20 yy\n"
				      "                3 z\n"
				      "b       10000M\n";

	(void)state;
	assert_printed(3, 28, false, clipped);
	/* The title is what stays, even where that is too much. */
	assert_printed(3, 20, false, clipped);
}

static void test_colours(void **state)
{
	(void)state;
	assert_printed(1, 0, true,
		       "\033[1mNAME\033[0m  \033[1mSIZE\033[0m  \033[1mPARTS\033[0m  "
		       "\033[1mWHERE\033[0m\n"
		       "a       2G  15 x   \033[31mhere\033[0m\n");
}

static void test_characters(void **state)
{
	static const struct table_row umlauts[] = {
		{ { { "\303\244\303\266\303\274\303\244\303\266\303\274", NULL },
		    { "1", NULL },
		    { "p", NULL },
		    { "w", NULL } } },
		{ { { "abcdef", NULL },
		    { "1", NULL },
		    { "p", NULL },
		    { "\303\244\303\266\303\274\303\244\303\266\303\274", NULL } } },
	};
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	(void)state;
	table_print(stream, columns, ARRAY_SIZE(columns), umlauts, 2, 26, false);
	fclose(stream);
	assert_string_equal(text,
			    "NAME    SIZE  PARTS  WHERE\n"
			    "\303\244\303\266\303\274\303\244\303\266\303\274     1  p      w\n"
			    "abcdef     1  p      \303\244\303\266...\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("columns are as wide as their longest cell, and lines end in no whitespace",
		     test_columns),
		TEST("where the table is too wide, parts stand one below the other", test_stack),
		TEST("where it still is, one column is clipped", test_clip),
		TEST("colours come only when they are asked for", test_colours),
		TEST("characters count, and not their bytes", test_characters),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
