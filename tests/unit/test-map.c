// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "commands/map.h"
#include "unit.h"

#define MAX_BLOCKS 4096

static struct block block[MAX_BLOCKS];

static char *draw(size_t nr, size_t width, bool colour)
{
	const struct blocks blocks = { 0x8000000, nr, block };
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	map_print(stream, &blocks, width, colour);
	fclose(stream);
	return text;
}

static void fill(size_t nr, enum block_state state)
{
	for (size_t i = 0; i < nr; i++)
		block[i] = (struct block){ 32 + i, state };
}

static void test_cells(void **state)
{
	char *text;

	(void)state;
	fill(24, BLOCK_MOVABLE);
	block[3].state = BLOCK_OFFLINE;
	block[4].state = BLOCK_NORMAL;
	block[5].state = BLOCK_MISSING;
	block[6].state = BLOCK_ONLINE;
	text = draw(24, 40, false);
	assert_string_equal(text, "  0x00000100000000  MMM-N.oMMMMMMMMMMMMM\n"
				  "  0x000001a0000000  MMMM\n"
				  "  one cell is 128 MiB: . unplugged (1) - offline (1) "
				  "o online in an unknown zone (1) M Movable (20) "
				  "N Normal (1)\n");
	free(text);
}

static void test_ranges(void **state)
{
	char *text;

	(void)state;
	fill(6, BLOCK_MOVABLE);
	for (size_t i = 3; i < 6; i++)
		block[i].id += 10;
	text = draw(6, 80, false);
	assert_string_equal(text, "  0x00000100000000  MMM\n"
				  "  0x00000168000000  MMM\n"
				  "  one cell is 128 MiB: M Movable (6)\n");
	free(text);
}

static void test_groups(void **state)
{
	size_t rows = 0;
	char *text;

	(void)state;
	fill(MAX_BLOCKS, BLOCK_MOVABLE);
	block[9].state = BLOCK_OFFLINE;
	text = draw(MAX_BLOCKS, 80, false);
	assert_non_null(strstr(text, "  0x00000100000000  M*MMMMM"));
	assert_non_null(strstr(text, "one cell is 1024 MiB:"));
	assert_non_null(strstr(text, "* several"));
	for (char *line = text; line && *line; rows++) {
		char *end = strchr(line, '\n');

		assert_true(strstr(line, "one cell") == line + 2 || end - line <= 80);
		line = end + 1;
	}
	assert_true(rows <= 17);
	free(text);
}

static void test_colours(void **state)
{
	char *text;

	(void)state;
	fill(1, BLOCK_MOVABLE);
	text = draw(1, 80, true);
	assert_non_null(strstr(text, "  0x00000100000000  \033[32mM\033[0m\n"));
	free(text);
}

static void test_nothing(void **state)
{
	char *text = draw(0, 80, false);

	(void)state;
	assert_string_equal(text, "  one cell is 128 MiB:\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("every block has its cell, and every state its letter", test_cells),
		TEST("each range begins a row with its address", test_ranges),
		TEST("very many blocks are grouped until they fit one screen", test_groups),
		TEST("colours come only when they are asked for", test_colours),
		TEST("no blocks are no rows", test_nothing),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
