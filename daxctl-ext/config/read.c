// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "config/read.h"

static const char advice[] = "repair or remove it; nothing was changed";

static int is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && length > 5 &&
	       strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int cannot_read(const char *path, int rc, struct problem *problem)
{
	return problem_set(problem, rc,
			   rc == -EACCES ? "run this as root, or correct the permissions; nothing "
					   "was changed"
					 : advice,
			   "cannot read %s: %s", path, strerror(-rc));
}

/* A link to /dev/null is how a file is masked; it has no text. */
static bool is_null_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static int check_kind(int fd, const char *path, struct problem *problem)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return cannot_read(path, -errno, problem);
	if (S_ISDIR(status.st_mode))
		return cannot_read(path, -EISDIR, problem);
	if (!S_ISREG(status.st_mode) && !is_null_device(&status))
		return problem_set(problem, -EINVAL, advice, "%s is not a regular file", path);
	return 0;
}

int config_read_text(int at, const char *name, int flags, const char *path, char **text,
		     size_t *length, struct problem *problem)
{
	_cleanup_free_ char *content = malloc(CONFIG_MAX_FILE_SIZE + 1);
	_cleanup_close_ int fd = -1;
	size_t size = 0;
	ssize_t n;
	int rc;

	if (!content)
		return problem_set(problem, -ENOMEM, NULL, "out of memory");
	/* A FIFO would make it wait. */
	fd = openat(at, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : cannot_read(path, -errno, problem);
	rc = check_kind(fd, path, problem);
	if (rc < 0)
		return rc;
	do {
		n = read(fd, content + size, CONFIG_MAX_FILE_SIZE + 1 - size);
		if (n < 0 && errno != EINTR)
			return cannot_read(path, -errno, problem);
		size += n > 0 ? (size_t)n : 0;
	} while (n != 0 && size <= CONFIG_MAX_FILE_SIZE);
	if (size > CONFIG_MAX_FILE_SIZE)
		return problem_set(problem, -EFBIG, advice, "%s is larger than %d bytes", path,
				   CONFIG_MAX_FILE_SIZE);
	if (memchr(content, '\0', size))
		return problem_set(problem, -EINVAL, advice,
				   "%s is not a text file: it has a NUL byte", path);
	content[size] = '\0';
	*text = content;
	*length = size;
	content = NULL;
	return 0;
}

/* Directories list a link whether or not it leads anywhere. */
static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static int dangling(const char *path, struct problem *problem)
{
	return problem_set(problem, -ENOENT, advice,
			   "cannot read %s: it is a link to what does not exist", path);
}

static int read_file(struct config *config, const char *path, struct problem *problem)
{
	_cleanup_free_ char *text = NULL;
	size_t length;
	int rc = config_read_text(AT_FDCWD, path, 0, path, &text, &length, problem);

	if (rc == -ENOENT && !is_there(path))
		return 0; /* somebody has just removed it */
	if (rc == -ENOENT)
		rc = dangling(path, problem);
	if (rc < 0) {
		config->is_unreadable = true;
		return rc;
	}
	return config_parse(config, path, text, length, problem);
}

int config_read(struct config *config, const char *directory, struct problem *problem)
{
	struct dirent **entry;
	int nr, rc = 0;

	*config = (struct config){ 0 };
	nr = scandir(directory, &entry, is_conf, alphasort);
	if (nr < 0) {
		rc = -errno;
		if (rc == -ENOENT && !is_there(directory))
			return 0;
		config->is_unreadable = true;
		return rc == -ENOENT ? dangling(directory, problem)
				     : cannot_read(directory, rc, problem);
	}
	for (int i = 0; i < nr; i++) {
		bool was_unreadable = config->is_unreadable;
		_cleanup_free_ char *path = NULL;
		struct problem later = { 0 };
		int err;

		if (asprintf(&path, "%s/%s", directory, entry[i]->d_name) < 0) {
			path = NULL;
			err = problem_set(&later, -ENOMEM, NULL, "out of memory");
		} else {
			err = read_file(config, path, &later);
		}
		if (err < 0 && (rc == 0 || (config->is_unreadable && !was_unreadable))) {
			*problem = later;
			rc = err;
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}
