// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"
#include "device/sysfs.h"

const struct sysfs sysfs_of_system = { .root = "/sys" };

struct path {
	char text[PATH_MAX];
};

__attribute__((format(printf, 3, 0))) static int make_path(struct path *path, const char *root,
							   const char *format, va_list args)
{
	size_t size = sizeof(path->text);
	int used, more;

	used = snprintf(path->text, size, "%s/", root);
	if (used < 0 || (size_t)used >= size)
		return -ENAMETOOLONG;
	more = vsnprintf(path->text + used, size - (size_t)used, format, args);
	if (more < 0 || (size_t)more >= size - (size_t)used)
		return -ENAMETOOLONG;
	return 0;
}

#define MAKE_PATH(path, sysfs, format)                                                             \
	__extension__({                                                                            \
		va_list args_;                                                                     \
		int rc_;                                                                           \
		va_start(args_, format);                                                           \
		rc_ = make_path(path, (sysfs)->root, format, args_);                               \
		va_end(args_);                                                                     \
		rc_;                                                                               \
	})

/*
 * Attributes are opened by the thousand, for one read or write each. To close each one is
 * a third of all system calls: what has been used is closed by the hundred.
 */
#define MAX_USED 256

static struct {
	int first;
	int nr; /* the descriptors from @first on that have been used */
} used;

static void close_used(void)
{
	const int end = used.first + used.nr;

	/* A sandbox may not know this system call. */
	if (used.nr && close_range((unsigned int)used.first, (unsigned int)(end - 1), 0) < 0) {
		for (int fd = used.first; fd < end; fd++)
			close(fd);
	}
	used.nr = 0;
}

static void close_later(int fd)
{
	if (used.nr == MAX_USED || (used.nr && fd != used.first + used.nr))
		close_used();
	if (!used.nr)
		used.first = fd;
	used.nr++;
}

static int open_attribute(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 && errno == EMFILE && used.nr) {
		close_used();
		fd = open(path, flags | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static int read_file(const char *path, char *value, size_t size)
{
	int fd = open_attribute(path, O_RDONLY);
	ssize_t length;
	int err;

	if (fd < 0)
		return fd;
	length = read(fd, value, size);
	err = errno;
	close_later(fd);
	if (length < 0)
		return -err;
	if ((size_t)length == size)
		return -EFBIG;
	if (length > 0 && value[length - 1] == '\n')
		length--;
	value[length] = '\0';
	return (int)length;
}

int sysfs_read(const struct sysfs *sysfs, char *value, size_t size, const char *format, ...)
{
	struct path path;
	int rc = MAKE_PATH(&path, sysfs, format);

	return rc < 0 ? rc : read_file(path.text, value, size);
}

int sysfs_read_number(const struct sysfs *sysfs, uint64_t *number, int base, const char *format,
		      ...)
{
	char value[32] = "", *end;
	struct path path;
	int rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	rc = read_file(path.text, value, sizeof(value));
	if (rc < 0)
		return rc;
	if (rc == 0 || value[0] == '-')
		return -EINVAL;
	errno = 0;
	*number = strtoull(value, &end, base);
	if (errno)
		return -errno;
	return *end ? -EINVAL : 0;
}

int sysfs_write(const struct sysfs *sysfs, const char *value, const char *format, ...)
{
	size_t length = strlen(value);
	struct path path;
	ssize_t written;
	int fd, err, rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	if (sysfs->write)
		return sysfs->write(sysfs->write_data, path.text + strlen(sysfs->root) + 1, value);
	fd = open_attribute(path.text, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	written = write(fd, value, length);
	err = errno;
	close_later(fd);
	if (written < 0)
		return -err;
	return (size_t)written == length ? 0 : -EIO;
}

bool sysfs_exists(const struct sysfs *sysfs, const char *format, ...)
{
	struct stat status;
	struct path path;

	return MAKE_PATH(&path, sysfs, format) == 0 && stat(path.text, &status) == 0;
}

bool sysfs_is_read_only(const struct sysfs *sysfs, const char *format, ...)
{
	struct stat status;
	struct path path;

	return MAKE_PATH(&path, sysfs, format) == 0 && stat(path.text, &status) == 0 &&
	       !(status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH));
}

int sysfs_read_node(const struct sysfs *sysfs, dev_t *node, const char *format, ...)
{
	struct statx status;
	struct path path;
	int rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	/* stat() of what an NFS server has would wait for that server. */
	if (statx(AT_FDCWD, path.text, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &status) <
	    0)
		return -errno;
	*node = makedev(status.stx_rdev_major, status.stx_rdev_minor);
	return S_ISCHR(status.stx_mode) ? 0 : -ENODEV;
}

int sysfs_link_name(const struct sysfs *sysfs, char *name, size_t size, const char *format, ...)
{
	char target[PATH_MAX];
	const char *slash;
	struct path path;
	ssize_t length;
	int rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	length = readlink(path.text, target, sizeof(target) - 1);
	if (length < 0)
		return -errno;
	target[length] = '\0';
	slash = strrchr(target, '/');
	rc = snprintf(name, size, "%s", slash ? slash + 1 : target);
	return rc < 0 || (size_t)rc >= size ? -ENAMETOOLONG : rc;
}

int sysfs_resolve(const struct sysfs *sysfs, char **resolved, const char *format, ...)
{
	struct path path;
	int rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	*resolved = realpath(path.text, NULL);
	return *resolved ? 0 : -errno;
}

int sysfs_for_each(const struct sysfs *sysfs, int (*visit)(const char *name, void *data),
		   void *data, const char *format, ...)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	struct path path;
	int rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	dir = opendir(path.text);
	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		rc = visit(entry->d_name, data);
		if (rc)
			return rc;
	}
	return -errno;
}

int sysfs_lock(const struct sysfs *sysfs, bool waits, const char *format, ...)
{
	struct path path;
	int fd, rc = MAKE_PATH(&path, sysfs, format);

	if (rc < 0)
		return rc;
	fd = open(path.text, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, waits ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
		rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}
