// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "config/keys.h"

static const char *const names[] = {
	[CONFIG_KEY_NVDIMM_UUID] = "nvdimm.uuid",
	[CONFIG_KEY_MODE] = "mode",
	[CONFIG_KEY_ONLINE] = "online",
	[CONFIG_KEY_MOVABLE] = "movable",
	[CONFIG_KEY_ONLINE_TYPE] = "online_type",
	[CONFIG_KEY_MEMMAP_ON_MEMORY] = "memmap_on_memory",
	[CONFIG_KEY_CXL_SERIAL] = "cxl.serial",
	[CONFIG_KEY_DAX_RESOURCE] = "dax.resource",
	[CONFIG_KEY_DAX_TARGET_NODE] = "dax.target_node",
	[CONFIG_KEY_DAX_PATH] = "dax.path",
};

#define NR_KEYS	  (sizeof(names) / sizeof(names[0]))
#define FIRST_OUR CONFIG_KEY_ONLINE_TYPE
#define MAX_TEXT  32 /* longer than any key with some typing errors */

const char config_key_names[] = "nvdimm.uuid, cxl.serial, dax.resource, dax.target_node, dax.path, "
				"mode, online, movable, online_type, memmap_on_memory";

static bool is_key(const char *text, size_t key)
{
	const char *name = names[key];

	for (; *text && *name; text++, name++) {
		if (*text != *name && !(key >= FIRST_OUR && *text == '-' && *name == '_'))
			return false;
	}
	return *text == *name;
}

enum config_key config_key_find(const char *text)
{
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (is_key(text, i))
			return (enum config_key)i;
	}
	return CONFIG_KEY_UNKNOWN;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be inserted, left out or replaced to make one of the other. */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_TEXT + 1], length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (; *a; a++) {
		size_t diagonal = row[0]++;

		for (size_t j = 1; j <= length; j++) {
			size_t replaced = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			row[j] = min(replaced, min(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

/* Without the signs that separate words: everybody gets them wrong. */
static void squeeze(char squeezed[MAX_TEXT], const char *text)
{
	size_t length = 0;

	for (; *text && length < MAX_TEXT - 1; text++) {
		if (!strchr("-_. ", *text))
			squeezed[length++] = *text;
	}
	squeezed[length] = '\0';
}

/* At most two letters are wrong, or one in a short key. */
static bool is_slip(const char *text, size_t key)
{
	char wrong[MAX_TEXT], right[MAX_TEXT];

	if (strlen(text) >= MAX_TEXT)
		return false;
	squeeze(wrong, text);
	squeeze(right, names[key]);
	return distance(wrong, right) <= (strlen(right) > 6 ? 2 : 1);
}

/* "serial" for "cxl.serial". */
static bool is_last_part(const char *text, size_t key)
{
	const char *dot = strchr(names[key], '.');

	return dot && strcmp(text, dot + 1) == 0;
}

const char *config_key_suggest(const char *text)
{
	for (size_t i = 0; i < NR_KEYS; i++) {
		if (is_slip(text, i) || is_last_part(text, i))
			return names[i];
	}
	return NULL;
}

bool config_key_is_ours(const char *text)
{
	static const char *const prefixes[] = { "dax.", "cxl.", "online_", "online-", "memmap" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	for (size_t i = FIRST_OUR; i < NR_KEYS; i++) {
		if (is_slip(text, i))
			return true;
	}
	return false;
}
