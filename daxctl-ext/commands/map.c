// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "commands/map.h"

#define MAX_ROWS      16
#define ADDRESS_WIDTH 20 /* "  0x0123456789abcdef" and padding, without its last digits */

/* How a cell looks; one more for a group of blocks that are not all alike. */
struct look {
	char cell;
	const char *colour; /* as in "ESC [ COLOUR m" */
};

static const struct look looks[NR_BLOCK_STATES] = {
	[BLOCK_MISSING] = { '.', "2" },	    [BLOCK_UNREADABLE] = { '?', "31" },
	[BLOCK_OFFLINE] = { '-', "33" },    [BLOCK_ONLINE] = { 'o', "36" },
	[BLOCK_MOVABLE] = { 'M', "32" },    [BLOCK_NORMAL] = { 'N', "36" },
	[BLOCK_DMA32] = { 'D', "36" },	    [BLOCK_DMA] = { 'd', "36" },
	[BLOCK_HIGHMEM] = { 'H', "36" },    [BLOCK_MIXED] = { 'X', "31" },
	[BLOCK_OTHER_ZONE] = { 'O', "36" },
};
static const struct look mixed_group = { '*', "35" };

static void print_cell(FILE *stream, const struct look *look, bool colour)
{
	if (colour)
		fprintf(stream, "\033[%sm%c\033[0m", look->colour, look->cell);
	else
		fputc(look->cell, stream);
}

/* The power of two of blocks in a cell with which the map fits. */
static size_t group_size(size_t nr, size_t cells)
{
	size_t group = 1;

	while (nr > group * cells * MAX_ROWS)
		group *= 2;
	return group;
}

/* How many of the blocks from @at on follow each other, up to @most. */
static size_t run_length(const struct blocks *blocks, size_t at, size_t most)
{
	size_t nr = 1;

	while (nr < most && at + nr < blocks->nr &&
	       blocks->block[at + nr].id == blocks->block[at].id + nr)
		nr++;
	return nr;
}

static const struct look *look_of(const struct blocks *blocks, size_t at, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		if (blocks->block[at + i].state != blocks->block[at].state)
			return &mixed_group;
	}
	return &looks[blocks->block[at].state];
}

static void print_legend(FILE *stream, const struct blocks *blocks, size_t group, bool colour)
{
	struct block_counts counts = blocks_count(blocks);

	fprintf(stream, "  one cell is %" PRIu64 " MiB:", (blocks->block_size >> 20) * group);
	for (enum block_state state = 0; state < NR_BLOCK_STATES; state++) {
		if (!counts.of[state])
			continue;
		fputc(' ', stream);
		print_cell(stream, &looks[state], colour);
		fprintf(stream, " %s (%zu)", block_state_name(state), counts.of[state]);
	}
	if (group > 1) {
		fputc(' ', stream);
		print_cell(stream, &mixed_group, colour);
		fputs(" several", stream);
	}
	fputc('\n', stream);
}

void map_print(FILE *stream, const struct blocks *blocks, size_t width, bool colour)
{
	size_t cells = width - ADDRESS_WIDTH;
	size_t group = group_size(blocks->nr, cells);
	size_t at = 0;

	while (at < blocks->nr) {
		size_t end = at + run_length(blocks, at, cells * group);

		fprintf(stream, "  0x%014" PRIx64 "  ", blocks->block[at].id * blocks->block_size);
		while (at < end) {
			size_t nr = end - at < group ? end - at : group;

			print_cell(stream, look_of(blocks, at, nr), colour);
			at += nr;
		}
		fputc('\n', stream);
	}
	print_legend(stream, blocks, group, colour);
}
