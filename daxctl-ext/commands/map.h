/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_MAP_H
#define DAXCTL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "device/blocks.h"

/* A picture of memory blocks for a terminal. */

/*
 * Prints rows of at most @width columns, each with the physical address that
 * it begins with and one cell per memory block; with very many of them, one
 * cell per group of blocks, so that it stays one screen. Under the rows is
 * what the cells mean, as far as they occur. @width is at least 40.
 */
void map_print(FILE *stream, const struct blocks *blocks, size_t width, bool colour);

#endif
