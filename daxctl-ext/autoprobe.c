// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autoprobe.h"
#include "device.h"

#define AUTOPROBE DAX_BUS "/drivers_autoprobe"

static int could_be_bound(const char *name, void *data)
{
	const struct sysfs *sysfs = *(const struct sysfs **)data;
	char driver[DAX_DRIVER_SIZE];
	uint64_t size;

	if (dax_device_read_driver(sysfs, name, driver) < 0 || driver[0])
		return 0;
	return sysfs_read_number(sysfs, &size, 0, DAX_DEVICES "/%s/size", name) == 0 && size > 0;
}

/*
 * The attribute concerns the whole system. If this process is killed while it
 * is off, its guardian turns it on again.
 */
static void guard(const struct sysfs *sysfs, int alive)
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	while (read(alive, &byte, 1) < 0 && errno == EINTR)
		;
	_exit(sysfs_write(sysfs, "1", AUTOPROBE) == 0 ? 0 : 1);
}

int autoprobe_hold(struct autoprobe *autoprobe, const struct sysfs *sysfs)
{
	char value[8];
	int pipe_fd[2], rc;

	*autoprobe = (struct autoprobe){ .sysfs = sysfs, .alive = -1 };
	rc = sysfs_for_each(sysfs, could_be_bound, &sysfs, DAX_DEVICES);
	if (rc <= 0)
		return rc;
	rc = sysfs_read(sysfs, value, sizeof(value), AUTOPROBE);
	if (rc < 0)
		return rc;
	if (strcmp(value, "1") != 0)
		return 0;
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return -errno;
	autoprobe->guardian = fork();
	if (autoprobe->guardian == 0) {
		close(pipe_fd[1]);
		guard(sysfs, pipe_fd[0]);
	}
	rc = autoprobe->guardian < 0 ? -errno : 0;
	close(pipe_fd[0]);
	if (rc < 0) {
		close(pipe_fd[1]);
		autoprobe->guardian = 0;
		return rc;
	}
	autoprobe->alive = pipe_fd[1];
	rc = sysfs_write(sysfs, "0", AUTOPROBE);
	if (rc < 0)
		autoprobe_release(autoprobe);
	return rc;
}

int autoprobe_release(struct autoprobe *autoprobe)
{
	int status;

	if (!autoprobe->guardian)
		return 0;
	close(autoprobe->alive);
	while (waitpid(autoprobe->guardian, &status, 0) < 0) {
		if (errno != EINTR)
			return sysfs_write(autoprobe->sysfs, "1", AUTOPROBE);
	}
	autoprobe->guardian = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	/* The guardian itself was killed. */
	return sysfs_write(autoprobe->sysfs, "1", AUTOPROBE);
}
