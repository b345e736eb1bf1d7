// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "commands/table.h"

#define GAP	 2
#define ELLIPSIS "..."

/* The table, and how it is laid out. */
struct layout {
	FILE *stream;
	const struct table_column *column;
	size_t nr_columns;
	bool colour;
	bool is_stacked;
	size_t width[TABLE_MAX_COLUMNS];
};

/* A piece of a cell that goes on one line. */
struct part {
	const char *text;
	size_t length; /* bytes */
};

/* Columns on the terminal: characters, whatever their number of bytes. */
static size_t count_columns(struct part part)
{
	size_t columns = 0;

	for (size_t i = 0; i < part.length; i++)
		columns += ((unsigned char)part.text[i] & 0xc0) != 0x80;
	return columns;
}

/* The part with that number, or one of length 0 if there is none. */
static struct part part_of(const char *text, size_t number)
{
	while (number-- > 0) {
		text = strchrnul(text, '\n');
		if (!*text)
			break;
		text++;
	}
	return (struct part){ text, strcspn(text, "\n") };
}

static size_t count_parts(const char *text)
{
	size_t nr = 1;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		nr++;
	}
	return nr;
}

static size_t cell_width(const struct layout *layout, size_t column, const char *text)
{
	bool is_stack = layout->column[column].kind == TABLE_STACK;
	size_t nr = is_stack ? count_parts(text) : 1, width = 0;

	for (size_t i = 0; i < nr; i++) {
		size_t part = count_columns(part_of(text, i));

		if (!layout->is_stacked)
			width += part + (i ? strlen(", ") : 0);
		else if (part > width)
			width = part;
	}
	return width;
}

/* Gives each column the width that it needs. Returns that of the table. */
static size_t measure(struct layout *layout, const struct table_row *row, size_t nr_rows)
{
	size_t total = (layout->nr_columns - 1) * GAP;

	for (size_t c = 0; c < layout->nr_columns; c++) {
		layout->width[c] = strlen(layout->column[c].title);
		for (size_t r = 0; r < nr_rows; r++) {
			size_t width = cell_width(layout, c, row[r].cell[c].text);

			if (width > layout->width[c])
				layout->width[c] = width;
		}
		total += layout->width[c];
	}
	return total;
}

/* Takes @excess columns from the one that may be clipped; its title stays. */
static void clip(struct layout *layout, size_t excess)
{
	for (size_t c = 0; c < layout->nr_columns; c++) {
		size_t least = strlen(layout->column[c].title);

		if (layout->column[c].kind != TABLE_CLIP)
			continue;
		if (least < strlen(ELLIPSIS))
			least = strlen(ELLIPSIS);
		if (layout->width[c] > least + excess)
			layout->width[c] -= excess;
		else if (layout->width[c] > least)
			layout->width[c] = least;
	}
}

static void print_clipped(FILE *stream, struct part part, size_t width)
{
	size_t keep = width - strlen(ELLIPSIS), columns = 0;

	for (size_t i = 0; i < part.length; i++) {
		columns += ((unsigned char)part.text[i] & 0xc0) != 0x80;
		if (columns > keep)
			break;
		fputc(part.text[i], stream);
	}
	fputs(ELLIPSIS, stream);
}

static void print_joined(FILE *stream, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs(", ", stream);
		else
			fputc(*text, stream);
	}
}

static void print_text(const struct layout *layout, size_t column, const struct table_cell *cell,
		       size_t line)
{
	struct part part = part_of(cell->text, line);

	if (layout->colour && cell->colour)
		fprintf(layout->stream, "\033[%sm", cell->colour);
	if (layout->column[column].kind == TABLE_STACK && !layout->is_stacked)
		print_joined(layout->stream, cell->text);
	else if (count_columns(part) > layout->width[column])
		print_clipped(layout->stream, part, layout->width[column]);
	else
		fprintf(layout->stream, "%.*s", (int)part.length, part.text);
	if (layout->colour && cell->colour)
		fputs("\033[0m", layout->stream);
}

/* What of the cell is on that line takes so many columns. */
static size_t printed_width(const struct layout *layout, size_t column, const char *text,
			    size_t line)
{
	bool is_stacked = layout->is_stacked && layout->column[column].kind == TABLE_STACK;
	size_t width;

	if (is_stacked)
		return count_columns(part_of(text, line));
	if (line > 0)
		return 0;
	width = cell_width(layout, column, text);
	return width < layout->width[column] ? width : layout->width[column];
}

/* Padding comes only before text, so that no line ends in whitespace. */
static void print_line(const struct layout *layout, const struct table_row *row, size_t line)
{
	size_t at = 0, begin = 0;

	for (size_t c = 0; c < layout->nr_columns; c++) {
		const struct table_cell *cell = &row->cell[c];
		size_t width = printed_width(layout, c, cell->text, line), target = begin;

		begin += layout->width[c] + GAP;
		if (!width)
			continue;
		if (layout->column[c].kind == TABLE_RIGHT)
			target += layout->width[c] - width;
		fprintf(layout->stream, "%*s", (int)(target - at), "");
		print_text(layout, c, cell, line);
		at = target + width;
	}
	fputc('\n', layout->stream);
}

static void print_row(const struct layout *layout, const struct table_row *row)
{
	size_t nr_lines = 1;

	for (size_t c = 0; layout->is_stacked && c < layout->nr_columns; c++) {
		size_t nr =
			layout->column[c].kind == TABLE_STACK ? count_parts(row->cell[c].text) : 1;

		if (nr > nr_lines)
			nr_lines = nr;
	}
	for (size_t line = 0; line < nr_lines; line++)
		print_line(layout, row, line);
}

void table_print(FILE *stream, const struct table_column *column, size_t nr_columns,
		 const struct table_row *row, size_t nr_rows, size_t width, bool colour)
{
	struct layout layout = { stream, column, nr_columns, colour, false, { 0 } };
	struct table_row titles;
	size_t total = measure(&layout, row, nr_rows);

	for (size_t c = 0; c < TABLE_MAX_COLUMNS; c++)
		titles.cell[c] = (struct table_cell){ c < nr_columns ? column[c].title : "", "1" };
	if (width && total > width) {
		layout.is_stacked = true;
		total = measure(&layout, row, nr_rows);
	}
	if (width && total > width)
		clip(&layout, total - width);
	print_row(&layout, &titles);
	for (size_t r = 0; r < nr_rows; r++)
		print_row(&layout, &row[r]);
}
