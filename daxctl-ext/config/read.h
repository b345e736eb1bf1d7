/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_READ_H
#define DAXCTL_CONFIG_READ_H

#include <stddef.h>

#include "config/config.h"
#include "problem.h"

/*
 * Reads all files of a directory in the order of their names. No directory is
 * no configuration. Everything else that cannot be read is an error, with its
 * errno: a file without the permission, a directory, a link that leads nowhere, a
 * file that is too large or not text. A mistake in any file is as in config_parse().
 * A file that cannot be read outweighs a mistake.
 */
int config_read(struct config *config, const char *directory, struct problem *problem);

/*
 * Reads one whole file, below the directory @at, with these additional flags for
 * open(); @path is what messages call it. The caller frees *@text, which ends in a
 * NUL that @length does not count. 0 or a negative errno; -ENOENT leaves @problem
 * as it is.
 */
int config_read_text(int at, const char *name, int flags, const char *path, char **text,
		     size_t *length, struct problem *problem);

#endif
