// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "fake-kernel.h"
#include "upstream/json.h"
#include "unit.h"

static void assert_size(uint64_t bytes, const char *text)
{
	struct json_object *size = json_size(bytes, true);

	assert_string_equal(json_object_get_string(size), text);
	json_object_put(size);
}

static void test_sizes(void **state)
{
	struct json_object *size = json_size(UINT64_MAX, false);

	(void)state;
	assert_string_equal(json_object_to_json_string(size), "18446744073709551615");
	json_object_put(size);
	assert_size(0, "0");
	assert_size(4999, "4999");
	assert_size(4194304, "4194304");
	assert_size(5119999, "5119999");
	assert_size(5120000, "4.88 MiB (5.12 MB)");
	assert_size(1 << 30, "1024.00 MiB (1073.74 MB)");
	assert_size(2147483648, "2.00 GiB (2.15 GB)");
	assert_size(4294967296, "4.00 GiB (4.29 GB)");
	assert_size(UINT64_C(1) << 40, "1024.00 GiB (1099.51 GB)");
	assert_size(UINT64_C(3) << 40, "3.00 TiB (3.30 TB)");
	assert_size(UINT64_C(1) << 50, "1024.00 TiB (1125.90 TB)");
}

static void assert_augmented(const struct sysfs *sysfs, const char *text, const char *expected)
{
	char *augmented = json_augment_list(sysfs, text, strlen(text));

	if (!expected) {
		assert_null(augmented);
		return;
	}
	assert_non_null(augmented);
	assert_string_equal(augmented, expected);
	free(augmented);
}

static void test_forms(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 2);
	fake_write(&kernel, "online_movable", DAX_DEVICES "/dax0.0/online_type");
	fake_bind(&kernel, "dax0.1", "kmem");
	assert_augmented(&kernel.sysfs, "{\"chardev\":\"dax0.0\",\"size\":1}\n",
			 "{\n  \"chardev\":\"dax0.0\",\n  \"size\":1,\n"
			 "  \"online_type\":\"online_movable\"\n}\n");
	assert_augmented(&kernel.sysfs,
			 "[{\"chardev\":\"dax0.1\",\"size\":\"2.00 GiB (2.15 GB)\"}]",
			 "[\n  {\n    \"chardev\":\"dax0.1\",\n"
			 "    \"size\":\"2.00 GiB (2.15 GB)\",\n"
			 "    \"online_type\":\"default\",\n"
			 "    \"memory_state\":\"offline\"\n  }\n]\n");
	assert_augmented(&kernel.sysfs,
			 "[{\"path\":\"\\/platform\\/hmem.0\",\"id\":0,"
			 "\"devices\":[{\"chardev\":\"dax0.0\",\"size\":18446744073709551615}]}]",
			 "[\n  {\n    \"path\":\"\\/platform\\/hmem.0\",\n    \"id\":0,\n"
			 "    \"devices\":[\n      {\n        \"chardev\":\"dax0.0\",\n"
			 "        \"size\":18446744073709551615,\n"
			 "        \"online_type\":\"online_movable\"\n      }\n    ]\n  }\n]\n");
	fake_kernel_stop(&kernel);
}

static void test_order(void **state)
{
	static const char list[] = "[{\"path\":\"b\",\"devices\":[{\"chardev\":\"dax0.10\"},"
				   "{\"chardev\":\"dax0.2\"},{\"chardev\":\"dax0.0\"}]},"
				   "{\"path\":\"a\"}]";
	struct fake_kernel kernel;
	char *text;

	(void)state;
	fake_kernel_start(&kernel, 1);
	text = json_augment_list(&kernel.sysfs, list, strlen(list));
	assert_non_null(text);
	assert_true(strstr(text, "dax0.0") < strstr(text, "dax0.2"));
	assert_true(strstr(text, "dax0.2") < strstr(text, "dax0.10"));
	/* Regions stay where they are. */
	assert_true(strstr(text, "\"b\"") < strstr(text, "\"a\""));
	free(text);
	fake_kernel_stop(&kernel);
}

static void test_nothing_to_add(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		"no JSON",
		"[",
		"[]",
		"{}",
		"null",
		"\"dax0.0\"",
		"17",
		"[{\"chardev\":\"dax9.9\"}]",
		"[{\"chardev\":\"../dax0.0\"}]",
		"[{\"chardev\":null}]",
		"[{\"chardev\":17}]",
		"[{\"chardev\":[\"dax0.0\"]}]",
		"[{\"devices\":17}]",
		"[{\"devices\":{\"chardev\":\"dax0.0\"}}]",
		"[null,[],{\"a\":null}]",
		"{\"chardev\":\"dax0.0\"} and more",
		"{\"chardev\":\"dax0.0\"}{\"chardev\":\"dax0.0\"}",
	};
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 1);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_augmented(&kernel.sysfs, texts[i], NULL);
	assert_null(json_augment_list(&kernel.sysfs, "{\"chardev\":\"dax0.0\"}\0", 21));
	fake_without_policy(&kernel);
	assert_augmented(&kernel.sysfs, "[{\"chardev\":\"dax0.0\"}]", NULL);
	fake_kernel_stop(&kernel);
}

static void assert_device(const struct dax_device *device, const struct blocks *blocks, bool human,
			  const char *expected)
{
	struct json_object *object = json_device(device, blocks, human);

	assert_string_equal(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN),
			    expected);
	json_object_put(object);
}

static void test_device(void **state)
{
	struct dax_device device = {
		.name = "dax0.0",
		.size = 2147483648,
		.align = 2097152,
		.target_node = 1,
		.online_type = "default",
	};
	struct block block[2] = { { 32, BLOCK_MOVABLE }, { 33, BLOCK_NORMAL } };
	struct blocks blocks = { 0x8000000, 2, block };

	(void)state;
	assert_device(&device, &blocks, false,
		      "{\"chardev\":\"dax0.0\",\"size\":2147483648,\"target_node\":1,"
		      "\"align\":2097152,\"mode\":\"devdax\",\"state\":\"disabled\","
		      "\"online_type\":\"default\"}");
	device.mode = DAX_MODE_SYSTEM_RAM;
	strcpy(device.memory_state, "online");
	assert_device(&device, &blocks, false,
		      "{\"chardev\":\"dax0.0\",\"size\":2147483648,\"target_node\":1,"
		      "\"align\":2097152,\"mode\":\"system-ram\",\"online_memblocks\":2,"
		      "\"total_memblocks\":2,\"movable\":false,\"online_type\":\"default\","
		      "\"memory_state\":\"online\"}");
	/* A kernel that knows the state, and no policy. */
	strcpy(device.online_type, "");
	assert_device(&device, &blocks, false,
		      "{\"chardev\":\"dax0.0\",\"size\":2147483648,\"target_node\":1,"
		      "\"align\":2097152,\"mode\":\"system-ram\",\"online_memblocks\":2,"
		      "\"total_memblocks\":2,\"movable\":false}");
	strcpy(device.online_type, "default");
	block[0].state = BLOCK_ONLINE;
	assert_device(&device, &blocks, false,
		      "{\"chardev\":\"dax0.0\",\"size\":2147483648,\"target_node\":1,"
		      "\"align\":2097152,\"mode\":\"system-ram\",\"online_memblocks\":2,"
		      "\"total_memblocks\":2,\"online_type\":\"default\","
		      "\"memory_state\":\"online\"}");
	block[0].state = BLOCK_MOVABLE;
	block[1].state = BLOCK_OFFLINE;
	device.target_node = -1;
	device.align = 0;
	assert_device(&device, &blocks, true,
		      "{\"chardev\":\"dax0.0\",\"size\":\"2.00 GiB (2.15 GB)\","
		      "\"mode\":\"system-ram\",\"online_memblocks\":1,\"total_memblocks\":2,"
		      "\"movable\":true,\"online_type\":\"default\",\"memory_state\":\"online\"}");
}

static void test_text(void **state)
{
	/* What is valid stays, up to the last code point of each length. */
	static const char valid[] = "a\x7f \xc2\x80\xdf\xbf \xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
				    "\xef\xbf\xbf \xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{ "", "" },
		{ valid, valid },
		{ "caf\xe9", "caf\xef\xbf\xbd" },
		{ "\x80z\xff\xfe", "\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd" },
		/* Cut off. */
		{ "a\xe2\x82", "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf0\x90\x80/", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd/" },
		/* Too long, a surrogate, and too large. */
		{ "\xc1\xbf", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xe0\x9f\xbf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *text = json_text(cases[i].text);

		assert_string_equal(json_object_get_string(text), cases[i].expected);
		json_object_put(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("what is not UTF-8 is replaced", test_text),
		TEST("sizes are numbers, or text for people", test_sizes),
		TEST("every form of upstream's list gets the policy and the state", test_forms),
		TEST("devices come in natural order", test_order),
		TEST("what is no list, or has nothing to add, is left alone", test_nothing_to_add),
		TEST("a device has upstream's fields in their order, then the extension's",
		     test_device),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
