// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "commands/progress.h"

#define FIRST_AFTER_MS 1000
#define THEN_EVERY_MS  100

static int64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void progress_show(void *data, const char *device, const char *doing, size_t done, size_t total)
{
	static bool is_shown;
	static int64_t next;

	(void)data;
	if (!isatty(STDERR_FILENO))
		return;
	if (done == total) {
		/* The line is erased from its beginning to its end. */
		if (is_shown)
			fprintf(stderr, "\r\033[K");
		is_shown = false;
		next = 0;
		return;
	}
	if (!next)
		next = now_ms() + FIRST_AFTER_MS;
	if (done && now_ms() < next)
		return;
	if (done)
		fprintf(stderr, "\r%s: %s: %zu of %zu memory blocks\033[K", device, doing, done,
			total);
	else
		fprintf(stderr, "\r%s: %s: %zu memory blocks\033[K", device, doing, total);
	fflush(stderr);
	next = now_ms() + THEN_EVERY_MS;
	is_shown = true;
}
