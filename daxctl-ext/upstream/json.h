/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_JSON_H
#define DAXCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "device/blocks.h"
#include "device/device.h"

/* What upstream daxctl prints, and what is added to it. */

/*
 * One device as "daxctl list" has it, with online_type and memory_state where
 * the device has them. @blocks are its memory, read if it is in system-ram
 * mode. Sizes are numbers of bytes, or text for a person. NULL: no memory.
 */
struct json_object *json_device(const struct dax_device *device, const struct blocks *blocks,
				bool human);

/*
 * Text from anywhere, such as a file: each byte that is not UTF-8 becomes U+FFFD, as JSON
 * is nothing else. NULL: no memory.
 */
struct json_object *json_text(const char *text);

/* A number of bytes: 4294967296, or for a person "4.00 GiB (4.29 GB)". */
struct json_object *json_size(uint64_t bytes, bool human);

/*
 * Where the memory of one device is: runs of blocks that are alike, of those
 * that exist, each with its first and last physical address. NULL: no memory.
 */
struct json_object *json_blocks(const struct dax_device *device, const struct blocks *blocks);

/*
 * Adds online_type and memory_state to every device in the output of the
 * upstream's "daxctl list", and puts devices into natural order. Returns
 * the new text (the caller frees it), or NULL if there is nothing to add or it
 * is no JSON: the old text is right then.
 */
char *json_augment_list(const struct sysfs *sysfs, const char *text, size_t length);

/* Prints an array; with @human and one element only that element. */
void json_print_array(FILE *stream, struct json_object *array, bool human);

#endif
