// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "device/iomem.h"

/* A line "  110000000-18fffffff : System RAM (kmem)"; without privilege, the addresses are 0. */
static int add_line(const char *line, struct dax_range **range, size_t *nr)
{
	struct dax_range found, *grown;

	if (!strstr(line, " : System RAM (kmem)\n") ||
	    sscanf(line, " %" SCNx64 "-%" SCNx64, &found.start, &found.end) != 2 || !found.end)
		return 0;
	grown = realloc(*range, (*nr + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	grown[(*nr)++] = found;
	*range = grown;
	return 0;
}

int iomem_read(const char *path, struct dax_range **range, size_t *nr)
{
	_cleanup_free_ char *line = NULL;
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	size_t size = 0;
	int rc = 0;

	*range = NULL;
	*nr = 0;
	if (!file)
		return -errno;
	while (rc == 0 && getline(&line, &size, file) >= 0)
		rc = add_line(line, range, nr);
	if (rc == 0 && ferror(file))
		rc = -EIO;
	if (rc < 0) {
		free(*range);
		*range = NULL;
		*nr = 0;
	}
	return rc;
}
