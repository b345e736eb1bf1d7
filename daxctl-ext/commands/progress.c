// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
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

/* --- on a terminal: a line that changes ------------------------------------- */

static void show_on_terminal(const char *device, const char *doing, size_t done, size_t total)
{
	static bool is_shown;
	static int64_t next;

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

/* --- elsewhere: one line, once it has taken a second ------------------------- */

static char line[128];

static void print_line(union sigval value)
{
	(void)value;
	fputs(line, stderr);
}

/*
 * A write to sysfs that takes long does not return in between, and a signal would
 * cut it short: the line comes from a thread.
 */
static void show_in_log(const char *device, const char *doing, size_t done, size_t total)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD,
		.sigev_notify_function = print_line,
	};
	const struct itimerspec second = { .it_value.tv_sec = FIRST_AFTER_MS / 1000 };
	static timer_t timer;
	static bool is_running;

	if (done == total) {
		if (is_running)
			timer_delete(timer);
		is_running = false;
		return;
	}
	if (is_running)
		return;
	snprintf(line, sizeof(line), "%s: %s: %zu memory blocks\n", device, doing, total);
	/* Whoever cannot have a timer goes without the line. */
	is_running = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
	if (is_running)
		timer_settime(timer, 0, &second, NULL);
}

void progress_show(void *data, const char *device, const char *doing, size_t done, size_t total)
{
	(void)data;
	if (isatty(STDERR_FILENO))
		show_on_terminal(device, doing, done, total);
	else
		show_in_log(device, doing, done, total);
}
