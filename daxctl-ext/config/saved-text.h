/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SAVED_TEXT_H
#define DAXCTL_SAVED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/*
 * The text of the file that --save writes to. It may have other content, which stays
 * as it is, byte for byte.
 */

/* The line below the name of a section that --save wrote begins like this. */
#define SAVED_MARK "# Written by daxctl reconfigure-device --save"

/* The first line of a file that --save made. */
extern const char saved_heading[];

/* A section that --save wrote: its name, its mark, and its keys, each on one line. */
struct saved_block {
	size_t begin, end;    /* bytes of the text */
	unsigned int line;    /* of its name */
	bool is_extended;     /* other keys follow in the same section */
	struct config config; /* the section */
};

/* The next one from the byte @from on. -ENOENT: there is none; or another negative errno. */
int saved_find(const char *text, size_t from, const char *file, struct saved_block *block);
void saved_block_free(struct saved_block *block);

/*
 * A text with @insert instead of the bytes from @begin to @end; without @insert, the
 * empty line in front of them goes as well. NULL: out of memory.
 */
char *saved_replace(const char *text, size_t begin, size_t end, const char *insert);

/* A text with a section more at its end, behind an empty line. NULL: out of memory. */
char *saved_append(const char *text, const char *section);

/* Has the text nothing but what --save began the file with? */
bool saved_is_empty(const char *text);

#define _cleanup_saved_block_ __attribute__((cleanup(saved_block_free)))

#endif
