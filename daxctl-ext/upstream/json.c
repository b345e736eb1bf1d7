// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "upstream/json.h"

/* How long the UTF-8 sequence is that begins there; 0: none does. */
static size_t sequence_length(const unsigned char *at)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t code = at[0] & (0x7fu >> length);

	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc0 || at[0] >= 0xf8)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (at[i] & 0x3f);
	}
	/* Longer than it need be, a surrogate, or none of Unicode's. */
	if (code < least[length] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff)
		return 0;
	return length;
}

struct json_object *json_text(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const size_t size = strlen(replacement);
	char *valid = malloc(strlen(text) * size + 1), *end = valid;
	struct json_object *object;

	if (!valid)
		return NULL;
	while (*text) {
		size_t length = sequence_length((const unsigned char *)text);

		memcpy(end, length ? text : replacement, length ? length : size);
		end += length ? length : size;
		text += length ? length : 1;
	}
	object = json_object_new_string_len(valid, (int)(end - valid));
	free(valid);
	return object;
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_text(text));
}

#define MIN_HUMAN_SIZE (5000ull * 1024) /* the distribution shows less as a number of bytes */

/* The largest unit of which there are at least two; like upstream's. */
static void format_size(char *text, size_t size, uint64_t bytes)
{
	static const char units[] = "MGT";
	double binary = 1024.0 * 1024, decimal = 1000.0 * 1000;
	size_t unit = 0;

	while (units[unit + 1] && (double)bytes >= 2 * binary * 1024) {
		binary *= 1024;
		decimal *= 1000;
		unit++;
	}
	snprintf(text, size, "%.2f %ciB (%.2f %cB)", (double)bytes / binary, units[unit],
		 (double)bytes / decimal, units[unit]);
}

struct json_object *json_size(uint64_t bytes, bool human)
{
	char text[64];

	if (!human || bytes < MIN_HUMAN_SIZE)
		return json_object_new_uint64(bytes);
	format_size(text, sizeof(text), bytes);
	return json_object_new_string(text);
}

static void add_memory(struct json_object *object, const struct blocks *blocks)
{
	struct block_counts counts = blocks_count(blocks);
	size_t online = blocks_count_online(&counts);

	json_object_object_add(object, "online_memblocks", json_object_new_uint64(online));
	json_object_object_add(object, "total_memblocks", json_object_new_uint64(blocks->nr));
	/* In which zone it is may not be told; then neither yes nor no is true. */
	if (online && !counts.of[BLOCK_ONLINE])
		json_object_object_add(object, "movable",
				       json_object_new_boolean(counts.of[BLOCK_MOVABLE] == online));
}

/* A device that no driver holds is "devdax" to upstream daxctl, and disabled. */
static void add_mode(struct json_object *object, const struct dax_device *device)
{
	bool is_disabled = device->mode == DAX_MODE_DISABLED;

	add_text(object, "mode", dax_mode_name(is_disabled ? DAX_MODE_DEVDAX : device->mode));
	if (is_disabled)
		add_text(object, "state", "disabled");
}

struct json_object *json_device(const struct dax_device *device, const struct blocks *blocks,
				bool human)
{
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_text(object, "chardev", device->name);
	json_object_object_add(object, "size", json_size(device->size, human));
	if (device->target_node >= 0)
		json_object_object_add(object, "target_node",
				       json_object_new_int(device->target_node));
	if (device->align)
		json_object_object_add(object, "align", json_size(device->align, human));
	add_mode(object, device);
	if (device->mode == DAX_MODE_SYSTEM_RAM)
		add_memory(object, blocks);
	/* As in the list: without policies, it is upstream's. */
	if (device->online_type[0])
		add_text(object, "online_type", device->online_type);
	if (device->online_type[0] && device->memory_state[0])
		add_text(object, "memory_state", device->memory_state);
	return object;
}

static struct json_object *json_run(const struct blocks *blocks, size_t first, size_t nr)
{
	struct json_object *object = json_object_new_object();
	enum block_state state = blocks->block[first].state;
	uint64_t start = blocks->block[first].id * blocks->block_size;

	json_object_object_add(object, "start", json_object_new_uint64(start));
	json_object_object_add(object, "end",
			       json_object_new_uint64(start + nr * blocks->block_size - 1));
	json_object_object_add(object, "blocks", json_object_new_uint64(nr));
	add_text(object, "state", block_is_online(state) ? "online" : block_state_name(state));
	if (block_is_online(state) && state != BLOCK_ONLINE)
		add_text(object, "zone", block_state_name(state));
	return object;
}

/* How many blocks from @first on follow each other and are in the same state. */
static size_t run_length(const struct blocks *blocks, size_t first)
{
	const struct block *block = &blocks->block[first];
	size_t nr = 1;

	while (first + nr < blocks->nr && block[nr].id == block->id + nr &&
	       block[nr].state == block->state)
		nr++;
	return nr;
}

struct json_object *json_blocks(const struct dax_device *device, const struct blocks *blocks)
{
	struct json_object *object = json_object_new_object();
	struct json_object *runs = json_object_new_array();
	size_t nr;

	add_text(object, "chardev", device->name);
	add_mode(object, device);
	json_object_object_add(object, "block_size", json_object_new_uint64(blocks->block_size));
	for (size_t first = 0; first < blocks->nr; first += nr) {
		nr = run_length(blocks, first);
		if (blocks->block[first].state != BLOCK_MISSING)
			json_object_array_add(runs, json_run(blocks, first, nr));
	}
	json_object_object_add(object, "memory", runs);
	return object;
}

/* Returns whether the device has the attribute. */
static bool add_attribute(const struct sysfs *sysfs, struct json_object *object, const char *name,
			  const char *attribute, const char *key)
{
	char value[POLICY_TEXT_SIZE];

	if (sysfs_read(sysfs, value, sizeof(value), DAX_DEVICES "/%s/%s", name, attribute) <= 0)
		return false;
	add_text(object, key, value);
	return true;
}

/* The name of a device, or "" for anything else. */
static const char *name_of(struct json_object *object)
{
	struct json_object *chardev;

	if (json_object_is_type(object, json_type_object) &&
	    json_object_object_get_ex(object, "chardev", &chardev) &&
	    json_object_is_type(chardev, json_type_string))
		return json_object_get_string(chardev);
	return "";
}

static bool augment_device(const struct sysfs *sysfs, struct json_object *object)
{
	char name[DAX_NAME_SIZE];

	if (dax_name_parse(name_of(object), name) < 0)
		return false;
	/* libdaxctl before 85 does not know that mode. */
	if (dax_device_is_in_mode(sysfs, name, DAX_MODE_FAMFS))
		add_text(object, "mode", dax_mode_name(DAX_MODE_FAMFS));
	/* A kernel without policies may have the state all the same; that list is not ours. */
	if (!add_attribute(sysfs, object, name, "online_type", "online_type"))
		return false;
	add_attribute(sysfs, object, name, "state", "memory_state");
	return true;
}

static int compare_names(const void *a, const void *b)
{
	struct json_object *const *first = a, *const *second = b;

	return strverscmp(name_of(*first), name_of(*second));
}

/* Upstream has devices in the order of the directory, which is none. */
static void sort_devices(struct json_object *array)
{
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		if (!*name_of(json_object_array_get_idx(array, i)))
			return;
	}
	json_object_array_sort(array, compare_names);
}

/* Devices are elements of arrays, alone, or in the "devices" of a region. */
static bool augment(const struct sysfs *sysfs, struct json_object *object)
{
	struct json_object *devices;
	bool added = false;

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			added |= augment(sysfs, json_object_array_get_idx(object, i));
		sort_devices(object);
	} else if (json_object_is_type(object, json_type_object)) {
		added = augment_device(sysfs, object);
		if (json_object_object_get_ex(object, "devices", &devices) &&
		    json_object_is_type(devices, json_type_array))
			added |= augment(sysfs, devices);
	}
	return added;
}

static bool is_blank(const char *text, size_t length)
{
	return strspn(text, " \t\r\n") >= length;
}

/* One JSON value and nothing behind it, or NULL. */
static struct json_object *parse(const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	size_t used;

	if (!tokener)
		return NULL;
	object = json_tokener_parse_ex(tokener, text, (int)length);
	used = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (object && !is_blank(text + used, length - used)) {
		json_object_put(object);
		return NULL;
	}
	return object;
}

char *json_augment_list(const struct sysfs *sysfs, const char *text, size_t length)
{
	struct json_object *object;
	char *augmented = NULL;

	if (length > INT32_MAX || memchr(text, '\0', length))
		return NULL;
	object = parse(text, length);
	if (object && augment(sysfs, object) &&
	    asprintf(&augmented, "%s\n",
		     json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY)) < 0)
		augmented = NULL;
	json_object_put(object);
	return augmented;
}

void json_print_array(FILE *stream, struct json_object *array, bool human)
{
	struct json_object *shown = array;

	if (human && json_object_array_length(array) == 1)
		shown = json_object_array_get_idx(array, 0);
	fprintf(stream, "%s\n", json_object_to_json_string_ext(shown, JSON_C_TO_STRING_PRETTY));
}
