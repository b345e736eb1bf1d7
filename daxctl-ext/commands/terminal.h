/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_TERMINAL_H
#define DAXCTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* What standard output is, for those who lay out text on it. */

/*
 * How many columns there are: those of the terminal, else what COLUMNS says, but
 * never less than 40; @otherwise if neither tells.
 */
size_t terminal_width(size_t otherwise);

/* Colours are for terminals, and for people who have not set NO_COLOR. */
bool terminal_has_colour(void);

#endif
