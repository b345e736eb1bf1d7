/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_CONFIG_KEYS_H
#define DAXCTL_CONFIG_KEYS_H

#include <stdbool.h>

/* The keys of a section, and what people write instead of them. */
enum config_key {
	CONFIG_KEY_UNKNOWN = -1,
	/* Upstream's. */
	CONFIG_KEY_NVDIMM_UUID,
	CONFIG_KEY_MODE,
	CONFIG_KEY_ONLINE,
	CONFIG_KEY_MOVABLE,
	/* Extension keys. */
	CONFIG_KEY_ONLINE_TYPE,
	CONFIG_KEY_MEMMAP_ON_MEMORY,
	CONFIG_KEY_CXL_SERIAL,
	CONFIG_KEY_DAX_RESOURCE,
	CONFIG_KEY_DAX_TARGET_NODE,
	CONFIG_KEY_DAX_PATH,
};

/* Every key, separated by ", ". */
extern const char config_key_names[];

/* @text is in lower case. A hyphen in an extension key stands for an underscore. */
enum config_key config_key_find(const char *text);

/* The key that was probably meant, or NULL. */
const char *config_key_suggest(const char *text);

/*
 * An extension key, or an attempt at one: it has their prefix, or is a slip of the
 * pen away from one. Upstream ignores keys that it does not know, and has none
 * that looks like that.
 */
bool config_key_is_ours(const char *text);

#endif
