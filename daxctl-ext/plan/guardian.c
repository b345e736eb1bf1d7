// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plan/guardian.h"

/* The child: nothing but a byte or the end of the parent ends its waiting. */
static void guard(int alive, int (*roll_back)(void *data), void *data)
{
	sigset_t all;
	ssize_t n;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	do {
		n = read(alive, &byte, 1);
	} while (n < 0 && errno == EINTR);
	_exit(n == 1 || roll_back(data) == 0 ? 0 : 1);
}

int guardian_start(struct guardian *guardian, int (*roll_back)(void *data), void *data)
{
	int pipe_fd[2], rc;

	*guardian = (struct guardian){ .alive = -1 };
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	guardian->pid = fork();
	if (guardian->pid == 0) {
		close(pipe_fd[1]);
		guard(pipe_fd[0], roll_back, data);
	}
	rc = guardian->pid < 0 ? -errno : 0;
	close(pipe_fd[0]);
	if (rc < 0) {
		close(pipe_fd[1]);
		guardian->pid = 0;
		return rc;
	}
	guardian->alive = pipe_fd[1];
	return 0;
}

void guardian_await_programs(const struct guardian *guardian)
{
	fcntl(guardian->alive, F_SETFD, 0);
}

static int finish(struct guardian *guardian)
{
	int status;
	pid_t pid;

	close(guardian->alive);
	do {
		pid = waitpid(guardian->pid, &status, 0);
	} while (pid < 0 && errno == EINTR);
	guardian->pid = 0;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

void guardian_dismiss(struct guardian *guardian)
{
	ssize_t n;

	if (!guardian->pid)
		return;
	/* If it was killed itself, there is nobody to dismiss. */
	do {
		n = write(guardian->alive, "", 1);
	} while (n < 0 && errno == EINTR);
	finish(guardian);
}

int guardian_act(struct guardian *guardian)
{
	return guardian->pid ? finish(guardian) : 0;
}
