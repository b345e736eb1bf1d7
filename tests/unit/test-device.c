// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "device/device.h"
#include "fake-kernel.h"
#include "unit.h"

static void test_names(void **state)
{
	static const char *const right[][2] = {
		{ "dax0.0", "dax0.0" },	     { "0.0", "dax0.0" },
		{ "/dev/dax1.2", "dax1.2" }, { "dev/dax12.34", "dax12.34" },
		{ "/dev/7.0", "dax7.0" },    { "dax999999999.999999999", "dax999999999.999999999" },
	};
	char name[DAX_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_int_equal(dax_name_parse(right[i][0], name), 0);
		assert_string_equal(name, right[i][1]);
	}
}

static void test_no_names(void **state)
{
	static const char *const wrong[] = {
		"",
		"dax",
		"dax0",
		"dax0.",
		"dax.0",
		"0",
		"dax0.0.0",
		"dax0.0/",
		"dax0.0/..",
		"../dax0.0",
		"/dax0.0",
		"//dev/dax0.0",
		"/dev//dax0.0",
		"/sys/dax0.0",
		"daxdax0.0",
		"dax-1.0",
		"dax+1.0",
		"dax0x1.0",
		"dax 0.0",
		" dax0.0",
		"dax0.0 ",
		"dax0.0\n",
		"DAX0.0",
		"all",
		"dax00.0",
		"dax0.01",
		"dax1e3.0",
		"%s",
		"dax1234567890.0",
		"dev/dev/dax0.0",
	};
	char name[DAX_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		if (dax_name_parse(wrong[i], name) != -EINVAL)
			fail_msg("\"%s\" was taken for a device", wrong[i]);
	}
}

static void test_read(void **state)
{
	struct dax_device device;
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 2);
	assert_int_equal(dax_device_read(&kernel.sysfs, "dax0.1", &device), 0);
	assert_string_equal(device.name, "dax0.1");
	assert_int_equal(device.mode, DAX_MODE_DISABLED);
	assert_int_equal(device.size, FAKE_NR_BLOCKS * FAKE_BLOCK_SIZE);
	assert_int_equal(device.align, 2 << 20);
	assert_int_equal(device.target_node, 1);
	assert_string_equal(device.online_type, "default");
	assert_string_equal(device.memory_state, "");
	assert_int_equal(device.nr_ranges, 1);
	assert_int_equal(device.range[0].start, 36 * FAKE_BLOCK_SIZE);
	assert_int_equal(device.range[0].end, 40 * FAKE_BLOCK_SIZE - 1);
	dax_device_free(&device);
	assert_int_equal(dax_device_read(&kernel.sysfs, "dax0.7", &device), -ENODEV);
	dax_device_free(&device);
	fake_kernel_stop(&kernel);
}

static void test_modes(void **state)
{
	static const struct {
		const char *driver;
		enum dax_mode mode;
	} modes[] = {
		{ "device_dax", DAX_MODE_DEVDAX },
		{ "fsdev_dax", DAX_MODE_FAMFS },
		{ "kmem", DAX_MODE_SYSTEM_RAM },
		{ "some_other", DAX_MODE_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct dax_device device;
		struct fake_kernel kernel;

		fake_kernel_start(&kernel, 1);
		fake_bind(&kernel, "dax0.0", modes[i].driver);
		assert_int_equal(dax_device_read(&kernel.sysfs, "dax0.0", &device), 0);
		assert_int_equal(device.mode, modes[i].mode);
		assert_string_equal(device.driver, modes[i].driver);
		assert_string_equal(device.memory_state,
				    modes[i].mode == DAX_MODE_SYSTEM_RAM ? "offline" : "");
		dax_device_free(&device);
		fake_kernel_stop(&kernel);
	}
}

static void add_file(const struct fake_kernel *kernel, const char *name, const char *value)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/" DAX_DEVICES "/dax0.0/%s", kernel->root, name);
	if (!value) {
		assert_int_equal(mkdir(path, 0700), 0);
		return;
	}
	file = fopen(path, "w");
	if (!file)
		abort(); /* which clang-tidy knows not to return */
	fprintf(file, "%s\n", value);
	fclose(file);
}

static void test_mappings(void **state)
{
	struct dax_device device;
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 1);
	/* In an order in which no directory lists them, and beside things that are no mapping. */
	for (int i = 11; i > 0; i--) {
		char name[32], value[32];

		snprintf(name, sizeof(name), "mapping%d", i);
		add_file(&kernel, name, NULL);
		snprintf(value, sizeof(value), "%#x", i * 0x1000);
		snprintf(name, sizeof(name), "mapping%d/start", i);
		add_file(&kernel, name, value);
		snprintf(value, sizeof(value), "%#x", i * 0x1000 + 0xfff);
		snprintf(name, sizeof(name), "mapping%d/end", i);
		add_file(&kernel, name, value);
	}
	add_file(&kernel, "mapping", "1");
	add_file(&kernel, "mappings", "1");
	add_file(&kernel, "mapping5x", NULL);
	assert_int_equal(dax_device_read(&kernel.sysfs, "dax0.0", &device), 0);
	assert_int_equal(device.nr_ranges, 12);
	for (size_t i = 1; i < 12; i++) {
		assert_int_equal(device.range[i].start, i * 0x1000);
		assert_int_equal(device.range[i].end, i * 0x1000 + 0xfff);
	}
	dax_device_free(&device);
	fake_kernel_stop(&kernel);
}

static void test_malformed(void **state)
{
	static const char *const values[] = {
		"", "-1", "0x", "12 34", "0x1ffffffffffffffff", "abc", "4294967296G"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct dax_device device;
		struct fake_kernel kernel;

		fake_kernel_start(&kernel, 1);
		add_file(&kernel, "mapping0/end", values[i]);
		assert_true(dax_device_read(&kernel.sysfs, "dax0.0", &device) < 0);
		dax_device_free(&device);
		fake_kernel_stop(&kernel);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a device's name is understood in every documented form", test_names),
		TEST("nothing else ever becomes part of a path", test_no_names),
		TEST("a device is read with all of its attributes", test_read),
		TEST("the driver tells the mode", test_modes),
		TEST("mappings are read in the order of their numbers", test_mappings),
		TEST("a malformed address is an error", test_malformed),
	};

	return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
