// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "config/identify.h"
#include "config/match.h"
#include "config/other-section.h"
#include "config/read.h"
#include "config/save.h"
#include "config/saved-text.h"

/* Not a *.conf: nobody reads it. */
#define NEW_FILE "." SAVED_FILE ".new"

/* --- the section ---------------------------------------------------------- */

static int make_section(const struct sysfs *sysfs, const struct dax_device *device,
			const struct saved_values *values, struct save_result *result,
			struct problem *problem)
{
	const char *memmap =
		values->memmap_on_memory ? "memmap_on_memory = on\n" : "memmap_on_memory = off\n";
	char condition[96], *equals;

	if (!config_identify(sysfs, device, condition, sizeof(condition)))
		return problem_set(problem, -EINVAL,
				   "run this as root; a device without a UUID or serial number of "
				   "its own is known by its address, which only root can read",
				   "nothing tells it from other devices");
	equals = strstr(condition, " = ");
	snprintf(result->section, sizeof(result->section), "saved %.*s %s",
		 (int)(equals - condition), condition, equals + 3);
	snprintf(result->text, sizeof(result->text),
		 "[reconfigure-device %s]\n" SAVED_MARK " for %s.\n%s\nonline_type = %s\n%s",
		 result->section, device->name, condition, policy_name(values->policy),
		 values->has_memmap ? memmap : "");
	return 0;
}

/* --- the directory -------------------------------------------------------- */

/* The directory, the path of the file in it for messages, and its text. */
struct place {
	const char *directory;
	int fd; /* -1: there is no such directory */
	char *path;
	char *text;	   /* "" if there is no such file */
	bool exists;	   /* the file */
	unsigned int line; /* where the section that was put into the text begins */
};

static void place_free(struct place *place)
{
	cleanup_close(&place->fd);
	free(place->path);
	free(place->text);
}

static int cannot(const char *what, const char *path, int rc, struct problem *problem)
{
	return problem_set(problem, rc, rc == -EACCES || rc == -EPERM ? "run this as root" : NULL,
			   "cannot %s %s: %s", what, path, strerror(-rc));
}

static int refuse_if_others_may_write(int fd, const char *path, struct problem *problem)
{
	char advice[300];
	struct stat status;

	if (fstat(fd, &status) < 0)
		return cannot("read", path, -errno, problem);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return problem_set(problem, -EPERM, "give it to root (chown)",
				   "%s belongs to user %u, who could change what root carries out",
				   path, (unsigned int)status.st_uid);
	if (!(status.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	snprintf(advice, sizeof(advice), "chmod go-w %.250s", path);
	return problem_set(problem, -EPERM, advice,
			   "others than its owner may write to %s (mode %04o)", path,
			   (unsigned int)status.st_mode & 07777);
}

static int no_file(struct place *place, struct problem *problem)
{
	place->text = strdup("");
	return place->text ? 0 : problem_set(problem, -ENOMEM, NULL, "out of memory");
}

static int read_file(struct place *place, struct problem *problem)
{
	_cleanup_close_ int fd = -1;
	size_t length;
	int rc;

	if (place->fd < 0)
		return no_file(place, problem);
	rc = config_read_text(place->fd, SAVED_FILE, O_NOFOLLOW, place->path, &place->text, &length,
			      problem);
	if (rc == -ENOENT)
		return no_file(place, problem);
	if (rc == -ELOOP)
		return problem_set(problem, rc, "replace it by a regular file",
				   "%s is a symbolic link", place->path);
	if (rc < 0)
		return rc;
	place->exists = true;
	fd = openat(place->fd, SAVED_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return cannot("read", place->path, -errno, problem);
	return refuse_if_others_may_write(fd, place->path, problem);
}

static int place_open(struct place *place, const char *directory, struct problem *problem)
{
	int rc;

	*place = (struct place){ .directory = directory, .fd = -1 };
	if (asprintf(&place->path, "%s/%s", directory, SAVED_FILE) < 0) {
		place->path = NULL;
		return problem_set(problem, -ENOMEM, NULL, "out of memory");
	}
	place->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->fd < 0 && errno != ENOENT)
		return cannot("open", directory, -errno, problem);
	if (place->fd >= 0) {
		rc = refuse_if_others_may_write(place->fd, directory, problem);
		if (rc < 0)
			return rc;
	}
	return read_file(place, problem);
}

/* The directory is made when something is saved. A read-only /etc has no place for it. */
static int check_parent(const char *directory, struct problem *problem)
{
	_cleanup_free_ char *path = strdup(directory);

	if (!path)
		return problem_set(problem, -ENOMEM, NULL, "out of memory");
	if (faccessat(AT_FDCWD, dirname(path), W_OK | X_OK, AT_EACCESS) < 0)
		return cannot("make", directory, -errno, problem);
	return 0;
}

int config_save_check(const char *directory, struct problem *problem)
{
	__attribute__((cleanup(place_free))) struct place place;
	int rc = place_open(&place, directory, problem);

	if (rc < 0)
		return rc;
	if (place.fd < 0)
		return check_parent(directory, problem);
	if (faccessat(place.fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return cannot("write to", directory, -errno, problem);
	return 0;
}

/* --- writing -------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left) {
		ssize_t n = write(fd, text, left);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int write_new_file(int directory, const char *text)
{
	_cleanup_close_ int fd = -1;
	int rc;

	/* One that was killed may have left it; nobody else is at work. */
	if (unlinkat(directory, NEW_FILE, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(directory, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, text);
	if (rc == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		rc = -errno;
	return rc;
}

/* The file has the old text or the new one, also after a crash. */
static int replace_file(const struct place *place, struct problem *problem)
{
	int rc;

	if (place->fd < 0)
		return cannot("write", place->path, -ENOENT, problem);
	if (saved_is_empty(place->text)) {
		if (unlinkat(place->fd, SAVED_FILE, 0) < 0)
			return cannot("remove", place->path, -errno, problem);
	} else {
		rc = write_new_file(place->fd, place->text);
		if (rc == 0 && renameat(place->fd, NEW_FILE, place->fd, SAVED_FILE) < 0)
			rc = -errno;
		if (rc < 0) {
			unlinkat(place->fd, NEW_FILE, 0);
			return cannot("write", place->path, rc, problem);
		}
	}
	/* Not every file system can do that to a directory. */
	if (fsync(place->fd) < 0 && errno != EINVAL)
		return cannot("write", place->path, -errno, problem);
	return 0;
}

static int make_directory(struct place *place, struct problem *problem)
{
	if (place->fd >= 0)
		return 0;
	if (mkdir(place->directory, 0755) < 0 && errno != EEXIST)
		return cannot("make", place->directory, -errno, problem);
	place->fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->fd < 0)
		return cannot("open", place->directory, -errno, problem);
	return refuse_if_others_may_write(place->fd, place->directory, problem);
}

/* --- the sections of the file ------------------------------------------------ */

static void set_text(struct place *place, char *text)
{
	free(place->text);
	place->text = text;
}

/* A seed may be what is left of the device, unless the section is about another one by now. */
static bool is_about(const struct config_section *section, const struct sysfs *sysfs,
		     const struct dax_device *device)
{
	char other[DAX_NAME_SIZE];

	return config_section_holds(section, sysfs, device) &&
	       (device->size || config_find_other(section, sysfs, device, other) == 0);
}

/* The next section that --save wrote and that is about the device. -ENOENT: there is none. */
static int find_section(const struct place *place, size_t from, const struct sysfs *sysfs,
			const struct dax_device *device, struct saved_block *block)
{
	for (;;) {
		int rc = saved_find(place->text, from, place->path, block);

		if (rc == -ENOENT || (rc == 0 && block->config.nr == 1 &&
				      is_about(&block->config.section[0], sysfs, device)))
			return rc;
		from = block->end;
		saved_block_free(block);
	}
}

/*
 * A serial number that told one device from others does not when a second one is made in the
 * same region. Whose section it is cannot be known then: names of devices change.
 */
static int check_section(const struct saved_block *block, const struct place *place,
			 const struct sysfs *sysfs, const struct dax_device *device,
			 struct problem *problem)
{
	const struct config_section *section = &block->config.section[0];
	char other[DAX_NAME_SIZE];
	int rc = config_find_other(section, sysfs, device, other);

	if (rc < 0)
		return problem_set(problem, rc, NULL, "cannot list the dax devices: %s",
				   strerror(-rc));
	if (rc > 0)
		return problem_set(problem, -EEXIST,
				   "remove that section by hand, then use --save for each device "
				   "that is to keep its policy",
				   "section '%s' (%s:%u) matches %s too, and may have been saved "
				   "for that device",
				   section->name, place->path, block->line, other);
	if (block->is_extended)
		return problem_set(problem, -EEXIST, "remove that section by hand",
				   "section '%s' (%s:%u) was saved for it, and has other "
				   "keys by now",
				   section->name, place->path, block->line);
	return 0;
}

/* May each of the sections that are about the device be replaced? */
static int check_sections(const struct place *place, const struct sysfs *sysfs,
			  const struct dax_device *device, struct problem *problem)
{
	size_t from = 0;
	int rc = 0;

	while (rc == 0) {
		_cleanup_saved_block_ struct saved_block block;

		if (find_section(place, from, sysfs, device, &block) < 0)
			return 0;
		rc = check_section(&block, place, sysfs, device, problem);
		from = block.end;
	}
	return rc;
}

/*
 * Puts @section in the place of the first one that was saved for the device, and
 * removes the others; without @section, all of them. Returns how many there were.
 */
static int replace_sections(struct place *place, const struct sysfs *sysfs,
			    const struct dax_device *device, const char *section,
			    struct save_result *result, struct problem *problem)
{
	int found = 0, rc = check_sections(place, sysfs, device, problem);
	size_t from = 0;

	if (rc < 0)
		return rc;
	for (;;) {
		_cleanup_saved_block_ struct saved_block block;
		const char *insert = found ? NULL : section;
		char *text;

		if (find_section(place, from, sysfs, device, &block) < 0)
			return found;
		if (!section)
			snprintf(result->section, sizeof(result->section), "%s",
				 block.config.section[0].name);
		text = saved_replace(place->text, block.begin, block.end, insert);
		if (!text)
			return problem_set(problem, -ENOMEM, NULL, "out of memory");
		set_text(place, text);
		if (!found)
			place->line = block.line;
		from = block.begin + (insert ? strlen(insert) : 0);
		if (!insert && from)
			from--;
		found++;
	}
}

static int append_section(struct place *place, const char *section, struct problem *problem)
{
	char *text = saved_append(place->exists ? place->text : saved_heading, section);

	if (!text)
		return problem_set(problem, -ENOMEM, NULL, "out of memory");
	set_text(place, text);
	place->line = 1;
	for (const char *end = text + strlen(text) - strlen(section); text < end; text++)
		place->line += *text == '\n';
	return 0;
}

/* --- saving and forgetting --------------------------------------------------- */

int config_save(const char *directory, const struct sysfs *sysfs, const struct dax_device *device,
		const struct saved_values *values, bool dry_run, struct save_result *result,
		struct problem *problem)
{
	__attribute__((cleanup(place_free))) struct place place = { .fd = -1 };
	int rc;

	*result = (struct save_result){ 0 };
	rc = make_section(sysfs, device, values, result, problem);
	if (rc == 0)
		rc = place_open(&place, directory, problem);
	if (rc < 0)
		return rc;
	rc = replace_sections(&place, sysfs, device, result->text, result, problem);
	if (rc == 0)
		rc = append_section(&place, result->text, problem);
	if (rc >= 0)
		rc = other_section_check(place.text, place.path, place.line, sysfs, device,
					 problem);
	if (rc < 0 || dry_run)
		return rc;
	rc = make_directory(&place, problem);
	return rc < 0 ? rc : replace_file(&place, problem);
}

int config_forget(const char *directory, const struct sysfs *sysfs, const struct dax_device *device,
		  bool dry_run, struct save_result *result, struct problem *problem)
{
	__attribute__((cleanup(place_free))) struct place place = { .fd = -1 };
	int found, rc;

	*result = (struct save_result){ 0 };
	rc = place_open(&place, directory, problem);
	if (rc < 0)
		return rc;
	/* Its line is the one in the file as it will be found. */
	if (dry_run)
		other_section_describe(place.text, place.path, sysfs, device, result->other,
				       sizeof(result->other));
	found = replace_sections(&place, sysfs, device, NULL, result, problem);
	if (found < 0)
		return found;
	if (!dry_run)
		other_section_describe(place.text, place.path, sysfs, device, result->other,
				       sizeof(result->other));
	if (!found && result->other[0])
		return problem_set(problem, -EEXIST, "remove that section by hand",
				   "nothing was removed: %s matches it, and is not as --save "
				   "writes it",
				   result->other);
	rc = found && !dry_run ? replace_file(&place, problem) : 0;
	return rc < 0 ? rc : found > 0;
}
