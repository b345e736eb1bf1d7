// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/help.h"
#include "upstream/forward.h"

int show_manual(const char *command, void (*usage)(void))
{
	static const char *const suffixes[] = { "", ".gz", ".xz", ".zst" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		_cleanup_free_ char *path = NULL;

		if (asprintf(&path, "%s/man1/daxctl-%s.1%s", manual_directory, command,
			     suffixes[i]) < 0) {
			path = NULL;
			return out_of_memory();
		}
		if (access(path, R_OK) < 0)
			continue;
		execlp("man", "man", path, NULL);
		fprintf(stderr, "daxctl: cannot run man to show %s: %s\n", path, strerror(errno));
		break;
	}
	if (!usage) {
		const char *argv[] = { "daxctl", command, "--help", NULL };

		return forward((char **)argv);
	}
	usage();
	return STATUS_USAGE;
}

int show_help(const struct command_line *line, const char *command, void (*usage)(void))
{
	if (line->wants_manual)
		return show_manual(command, usage);
	usage();
	return STATUS_USAGE;
}

int show_overview(char **argv, const char *more)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int status = forward_and_capture(argv, &text, &length);

	if (status < 0)
		return end_by_signal(-status);
	if (text && length) {
		fwrite(text, 1, length, stdout);
		fputs(more, stdout);
	}
	return finish_output(status);
}
