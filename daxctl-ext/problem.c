// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "problem.h"

int problem_set(struct problem *problem, int err, const char *advice, const char *format, ...)
{
	va_list args;

	problem->err = err;
	snprintf(problem->advice, sizeof(problem->advice), "%s", advice ? advice : "");
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
	return err;
}
