/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_TABLE_H
#define DAXCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Rows and columns of text for a person. */

#define TABLE_MAX_COLUMNS 8

struct table_column {
	const char *title;
	enum {
		TABLE_LEFT,
		TABLE_RIGHT,
		TABLE_STACK, /* where the table is too wide: each part on a line of its own */
		TABLE_CLIP,  /* where it still is: cut off; for one column of a table */
	} kind;
};

struct table_cell {
	const char *text;   /* UTF-8; parts of a TABLE_STACK cell are separated by newlines */
	const char *colour; /* as in "ESC [ COLOUR m"; NULL: none */
};

struct table_row {
	struct table_cell cell[TABLE_MAX_COLUMNS];
};

/*
 * Prints the titles, and a line per row; more lines where a TABLE_STACK cell needs
 * them so that the table is at most @width columns wide (0: as wide as it is).
 */
void table_print(FILE *stream, const struct table_column *column, size_t nr_columns,
		 const struct table_row *row, size_t nr_rows, size_t width, bool colour);

#endif
