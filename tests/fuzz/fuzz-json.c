// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any output of upstream's list: no crash, and nothing in it changes except that two
 * fields are added.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake-kernel.h"
#include "upstream/json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_kernel kernel;

static void stop(void)
{
	fake_kernel_stop(&kernel);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fake_kernel_start(&kernel, 2);
	fake_bind(&kernel, "dax0.1", "kmem");
	atexit(stop);
	return 0;
}

static int compare_texts(const void *a, const void *b)
{
	struct json_object *const *first = a, *const *second = b;

	return strcmp(json_object_to_json_string(*first), json_object_to_json_string(*second));
}

/* What the list has more than upstream's; and the order is not upstream's either. */
static void take_out(struct json_object *object)
{
	struct json_object *devices;

	if (json_object_is_type(object, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(object); i++)
			take_out(json_object_array_get_idx(object, i));
		json_object_array_sort(object, compare_texts);
	} else if (json_object_is_type(object, json_type_object)) {
		json_object_object_del(object, "online_type");
		json_object_object_del(object, "memory_state");
		if (json_object_object_get_ex(object, "devices", &devices))
			take_out(devices);
	}
}

/*
 * What json-c reads from what it wrote. It accepts numbers that JSON does not
 * have, such as 51e and 02e, and writes them in another way.
 */
static struct json_object *parse_twice(const char *text)
{
	struct json_object *first = json_tokener_parse(text), *second = NULL;

	if (first)
		second = json_tokener_parse(json_object_to_json_string(first));
	json_object_put(first);
	return second;
}

static bool is_same_text(struct json_object *a, struct json_object *b)
{
	return strcmp(json_object_to_json_string(a), json_object_to_json_string(b)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *augmented;
	struct json_object *before, *after;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	augmented = json_augment_list(&kernel.sysfs, text, size);
	if (augmented) {
		before = parse_twice(text);
		after = json_tokener_parse(augmented);
		if (!before || !after)
			abort();
		take_out(before);
		take_out(after);
		/* As text, since NaN, which json-c accepts as well, equals nothing. */
		if (!is_same_text(before, after))
			abort();
		json_object_put(before);
		json_object_put(after);
	}
	free(augmented);
	free(text);
	return 0;
}
