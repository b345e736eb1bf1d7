// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "commands/terminal.h"

#define MIN_WIDTH 40

size_t terminal_width(size_t otherwise)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	size_t width;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		width = size.ws_col;
	else if (columns && atoi(columns) > 0)
		width = (size_t)atoi(columns);
	else
		return otherwise;
	return width < MIN_WIDTH ? MIN_WIDTH : width;
}

bool terminal_has_colour(void)
{
	const char *terminal = getenv("TERM"), *none = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(none && *none) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}
