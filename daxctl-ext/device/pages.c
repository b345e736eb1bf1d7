// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cleanup.h"
#include "device/pages.h"

/* Bits of an entry of kpageflags. */
enum page_flag {
	PAGE_LRU = 5,
	PAGE_SLAB = 7,
	PAGE_BUDDY = 10,
	PAGE_MMAP = 11,
	PAGE_ANON = 12,
	PAGE_HUGE = 17,
	PAGE_UNEVICTABLE = 18,
	PAGE_HWPOISON = 19,
	PAGE_NOPAGE = 20,
	PAGE_OFFLINE = 23,
	PAGE_ZERO = 24,
};

struct use {
	size_t kernel;	/* does not move */
	size_t broken;	/* reported by the hardware */
	size_t huge;	/* moves if there is a free huge page elsewhere */
	size_t locked;	/* moves, unless it is pinned besides */
	size_t program; /* likewise */
};

static bool has(uint64_t flags, enum page_flag flag)
{
	return flags >> flag & 1;
}

static void count(struct use *use, uint64_t flags)
{
	if (has(flags, PAGE_NOPAGE) || has(flags, PAGE_OFFLINE))
		return;
	if (has(flags, PAGE_HWPOISON))
		use->broken++;
	else if (has(flags, PAGE_BUDDY) || has(flags, PAGE_ZERO))
		return;
	else if (has(flags, PAGE_HUGE))
		use->huge++;
	else if (has(flags, PAGE_UNEVICTABLE))
		use->locked++;
	else if (has(flags, PAGE_LRU) || has(flags, PAGE_ANON) || has(flags, PAGE_MMAP))
		use->program++;
	else if (flags)
		use->kernel++;
}

/* Returns false if it cannot be read to its end. */
static bool read_use(int fd, uint64_t id, uint64_t block_size, struct use *use)
{
	size_t nr = (size_t)(block_size / (uint64_t)sysconf(_SC_PAGESIZE));
	uint64_t flags[4096];

	*use = (struct use){ 0 };
	for (size_t at = 0; at < nr;) {
		size_t wanted = nr - at < 4096 ? nr - at : 4096;
		off_t offset = (off_t)((id * nr + at) * sizeof(flags[0]));
		ssize_t n = pread(fd, flags, wanted * sizeof(flags[0]), offset);

		if (n <= 0)
			return false;
		for (size_t i = 0; i < (size_t)n / sizeof(flags[0]); i++)
			count(use, flags[i]);
		at += (size_t)n / sizeof(flags[0]);
	}
	return true;
}

static void describe(const struct use *use, uint64_t id, char *text, size_t size)
{
	const struct {
		size_t nr;
		const char *what;
	} part[] = {
		{ use->kernel, "of the kernel, which do not move" },
		{ use->broken, "that the hardware reported as broken" },
		{ use->huge, "in huge pages" },
		{ use->locked, "locked in memory" },
		{ use->program, "of programs and files" },
	};
	int used = snprintf(text, size, "in memory block %llu:", (unsigned long long)id);
	const char *separator = " ";

	for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		if (!part[i].nr || used < 0 || (size_t)used >= size)
			continue;
		used += snprintf(text + used, size - (size_t)used, "%s%zu page%s %s", separator,
				 part[i].nr, part[i].nr == 1 ? "" : "s", part[i].what);
		separator = ", ";
	}
}

void pages_describe(const struct sysfs *sysfs, const struct block *block, size_t nr,
		    uint64_t block_size, char *text, size_t size)
{
	_cleanup_close_ int fd = -1;
	bool found = false;
	char path[PATH_MAX];

	text[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/../proc/kpageflags", sysfs->root) < 0)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 0; i < nr; i++) {
		struct use use;
		bool stays;

		if (!block_exists(sysfs, block[i].id) ||
		    !read_use(fd, block[i].id, block_size, &use))
			continue;
		stays = use.kernel || use.broken || use.huge;
		if (!stays && (found || !(use.locked || use.program)))
			continue;
		describe(&use, block[i].id, text, size);
		found = true;
		if (stays)
			return;
	}
}
