/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_SYSFS_H
#define DAXCTL_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The one way to sysfs, and with paths from "../proc" or "../dev" on to /proc and /dev. Every path
 * is relative to @root and is given as a printf format with its arguments. All functions return 0
 * or more on success and a negative errno on failure.
 */
struct sysfs {
	const char *root; /* where it is mounted, or where a test keeps its tree */
	/*
	 * When set, called instead of writing to the file: how a test puts a
	 * kernel behind its tree. @path is the path below @root.
	 */
	int (*write)(void *data, const char *path, const char *value);
	void *write_data;
};

/* That of this system: the one place that says /sys. */
extern const struct sysfs sysfs_of_system;

/* Reads an attribute without its trailing newline; returns its length, -EFBIG if it does not fit.
 */
int sysfs_read(const struct sysfs *sysfs, char *value, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads an attribute that is one number in C notation, or in hexadecimal for @base 16. */
int sysfs_read_number(const struct sysfs *sysfs, uint64_t *number, int base, const char *format,
		      ...) __attribute__((format(printf, 4, 5)));

/* Writes an attribute in one system call; a short write is -EIO. */
int sysfs_write(const struct sysfs *sysfs, const char *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool sysfs_exists(const struct sysfs *sysfs, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Is it there, without write permission for anybody? The kernel then refuses root, too. */
bool sysfs_is_read_only(const struct sysfs *sysfs, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The number of the character device that the path leads to; -ENODEV if it leads to none. Asks no
 * server of a network file system, which may not answer.
 */
int sysfs_read_node(const struct sysfs *sysfs, dev_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The last component of a symbolic link's target. */
int sysfs_link_name(const struct sysfs *sysfs, char *name, size_t size, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The absolute path with every symbolic link resolved; the caller frees *@path. */
int sysfs_resolve(const struct sysfs *sysfs, char **path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Calls @visit for each entry of a directory until it returns other than 0; returns that. */
int sysfs_for_each(const struct sysfs *sysfs, int (*visit)(const char *name, void *data),
		   void *data, const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Takes the exclusive lock on a file that only the superuser can open: nobody
 * else can keep daxctl from working. Returns a descriptor; closing it gives the
 * lock back, and so does the end of the process. If another process has it:
 * -EWOULDBLOCK, or with @waits it waits, and -EINTR when a signal came first.
 */
int sysfs_lock(const struct sysfs *sysfs, bool waits, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
