// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "upstream/forward.h"
#include "upstream/inherited.h"
#include "signals.h"

/* Every copy of this program has it, and no other program does. */
static const volatile char fingerprint[] = "daxctl with online policies: 9d1f6c1e-2c0b";

/* Does the file hold the fingerprint? Finds copies, where device and inode only find links. */
static bool is_copy(int fd, size_t size)
{
	char wanted[sizeof(fingerprint)];
	void *content;
	bool found;

	for (size_t i = 0; i < sizeof(wanted); i++)
		wanted[i] = fingerprint[i];
	if (size < sizeof(wanted))
		return false;
	content = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (content == MAP_FAILED)
		return false;
	found = memmem(content, size, wanted, sizeof(wanted)) != NULL;
	munmap(content, size);
	return found;
}

static bool is_this_program(const char *path)
{
	_cleanup_close_ int fd = -1;
	struct stat other, self;

	/* What can be run cannot always be read. */
	if (stat(path, &other) == 0 && stat("/proc/self/exe", &self) == 0 &&
	    self.st_dev == other.st_dev && self.st_ino == other.st_ino)
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* That it cannot be opened is for exec to tell. */
	if (fd < 0 || fstat(fd, &other) < 0)
		return false;
	return S_ISREG(other.st_mode) && is_copy(fd, (size_t)other.st_size);
}

/* Why it cannot be run, as an exit status; 0 when nothing speaks against it. */
static int check(void)
{
	if (!is_this_program(distribution_daxctl))
		return 0;
	fprintf(stderr,
		"daxctl: %s is this program, not the distribution's daxctl\n"
		"daxctl: install the distribution's package there, and this program elsewhere\n",
		distribution_daxctl);
	return STATUS_NOT_EXECUTABLE;
}

static int report_exec_failure(void)
{
	int err = errno;

	fprintf(stderr,
		"daxctl: cannot run the distribution's daxctl, %s: %s\n"
		"daxctl: install the package that provides it (on Debian: daxctl)\n",
		distribution_daxctl, strerror(err));
	return err == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

int forward(char **argv)
{
	int status = check();

	if (status)
		return status;
	inherited_restore();
	execv(distribution_daxctl, argv);
	return report_exec_failure();
}

static int report_fork_failure(const char *program)
{
	fprintf(stderr, "daxctl: cannot start %s: %s\n", program, strerror(errno));
	return STATUS_NOT_EXECUTABLE;
}

/* Returns how the child ended, or -1 when that has been reported to be unknown. */
static int wait_for(pid_t child, const char *program)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			fprintf(stderr, "daxctl: cannot tell how %s ended: %s\n", program,
				strerror(errno));
			return -1;
		}
		if (signals_caught)
			kill(child, signals_caught);
	}
	return status;
}

int forward_and_wait(char **argv)
{
	int status = check();
	pid_t child;

	if (status)
		return status;
	child = fork();
	if (child < 0)
		return report_fork_failure(distribution_daxctl);
	if (child == 0) {
		signals_deliver();
		inherited_restore();
		execv(distribution_daxctl, argv);
		_exit(report_exec_failure());
	}
	status = wait_for(child, distribution_daxctl);
	if (status < 0)
		return STATUS_NOT_EXECUTABLE;
	if (WIFSIGNALED(status))
		signals_caught = WTERMSIG(status);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int read_all(int fd, char **output, size_t *length)
{
	size_t room = 0;

	*output = NULL;
	*length = 0;
	for (;;) {
		ssize_t n;

		if (*length + 1 >= room) {
			char *more = realloc(*output, room += 65536);

			if (!more)
				return -ENOMEM;
			*output = more;
		}
		n = read(fd, *output + *length, room - *length - 1);
		if (n > 0)
			*length += (size_t)n;
		(*output)[*length] = '\0';
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
	}
}

/* Nobody sees the standard output of a program whose errors are read. */
static void redirect(int stream, int fd)
{
	int null = stream == STDERR_FILENO ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;

	dup2(fd, stream);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
}

/* Reads what it writes to @stream. */
static int capture(const char *program, char **argv, int stream, char **output, size_t *length)
{
	int pipe_fd[2], rc, status;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return report_fork_failure(program);
	if (child == 0) {
		redirect(stream, pipe_fd[1]);
		inherited_restore();
		execv(program, argv);
		if (program == distribution_daxctl)
			_exit(report_exec_failure());
		fprintf(stderr, "daxctl: cannot run %s: %s\n", program, strerror(errno));
		_exit(STATUS_NOT_EXECUTABLE);
	}
	close(pipe_fd[1]);
	rc = read_all(pipe_fd[0], output, length);
	close(pipe_fd[0]);
	status = wait_for(child, program);
	if (rc < 0) {
		fprintf(stderr, "daxctl: cannot read the output of %s: %s\n", program,
			strerror(-rc));
		return STATUS_NOT_EXECUTABLE;
	}
	if (status < 0)
		return STATUS_NOT_EXECUTABLE;
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int forward_and_read(char **argv, int stream, char **output, size_t *length)
{
	int status = check();

	*output = NULL;
	*length = 0;
	return status ? status : capture(distribution_daxctl, argv, stream, output, length);
}

int forward_and_capture(char **argv, char **output, size_t *length)
{
	return forward_and_read(argv, STDOUT_FILENO, output, length);
}

int forward_and_capture_errors(char **argv, char **output, size_t *length)
{
	return forward_and_read(argv, STDERR_FILENO, output, length);
}

int run_self_and_capture(char **argv, char **output, size_t *length)
{
	*output = NULL;
	*length = 0;
	return capture("/proc/self/exe", argv, STDOUT_FILENO, output, length);
}
