// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "commands/progress.h"
#include "unit.h"

/* What standard error leads to in a test, read from the other end. */
static int output[2];
static int standard_error;

static void redirect(int read_end, int write_end)
{
	output[0] = read_end;
	output[1] = write_end;
	standard_error = dup(STDERR_FILENO);
	if (standard_error < 0 || output[1] < 0) {
		fail_msg("cannot redirect standard error");
		return;
	}
	assert_int_equal(dup2(output[1], STDERR_FILENO), STDERR_FILENO);
}

static void restore(void)
{
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	close(output[0]);
	close(output[1]);
}

static void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Waits until something is printed, which only a test that fails does in vain. */
static void assert_printed(const char *expected)
{
	char text[256];
	size_t used = 0;

	for (int i = 0; i < 600 && used < strlen(expected); i++) {
		ssize_t length = read(output[0], text + used, sizeof(text) - 1 - used);

		if (length > 0)
			used += (size_t)length;
		else
			pause_ms(100);
	}
	text[used] = '\0';
	assert_string_equal(text, expected);
}

static void assert_silent(void)
{
	char byte;

	assert_int_equal(read(output[0], &byte, 1), -1);
}

static void redirect_to_log(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	redirect(ends[0], ends[1]);
}

static void redirect_to_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), terminal;
	struct termios settings;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	assert_int_equal(tcgetattr(terminal, &settings), 0);
	cfmakeraw(&settings);
	assert_int_equal(tcsetattr(terminal, TCSANOW, &settings), 0);
	redirect(master, terminal);
}

static void a_log_has_one_line_after_a_second(void **state)
{
	(void)state;
	redirect_to_log();
	progress_show(NULL, "dax0.0", "offline", 0, 8);
	progress_show(NULL, "dax0.0", "offline", 1, 8);
	assert_silent();
	assert_printed("dax0.0: offline: 8 memory blocks\n");
	progress_show(NULL, "dax0.0", "offline", 7, 8);
	progress_show(NULL, "dax0.0", "offline", 8, 8);
	assert_silent();
	restore();
}

static void a_log_has_nothing_of_what_is_quick(void **state)
{
	(void)state;
	redirect_to_log();
	progress_show(NULL, "dax0.0", "offline", 0, 8);
	progress_show(NULL, "dax0.0", "offline", 8, 8);
	pause_ms(1500);
	assert_silent();
	restore();
}

static void a_terminal_shows_how_far_it_is(void **state)
{
	(void)state;
	redirect_to_terminal();
	progress_show(NULL, "dax0.0", "online", 0, 8);
	assert_printed("\rdax0.0: online: 8 memory blocks\033[K");
	pause_ms(1100);
	progress_show(NULL, "dax0.0", "online", 3, 8);
	assert_printed("\rdax0.0: online: 3 of 8 memory blocks\033[K");
	progress_show(NULL, "dax0.0", "online", 8, 8);
	assert_printed("\r\033[K");
	restore();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a log gets one line after a second", a_log_has_one_line_after_a_second),
		TEST("a log has nothing of what is quick", a_log_has_nothing_of_what_is_quick),
		TEST("a terminal shows how far it is", a_terminal_shows_how_far_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
