// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/identify.h"
#include "config/match.h"
#include "fake-kernel.h"
#include "unit.h"

/* The tree of a CXL region with the memory devices of serials 0x10 and 0x20 behind it. */
static void make_cxl(struct fake_kernel *kernel)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "set -e; cd %s; mkdir -p devices/region0/dax_region0 bus/cxl/devices; "
		 "mv bus/dax/devices/dax0.0 devices/region0/dax_region0; "
		 "ln -s ../../../devices/region0/dax_region0/dax0.0 bus/dax/devices/dax0.0; "
		 "for i in 0 1; do mkdir -p devices/endpoint$i/decoder$i.0 devices/mem$i; "
		 "echo decoder$i.0 >devices/region0/target$i; "
		 "echo 0x$((i + 1))0 >devices/mem$i/serial; "
		 "ln -s ../../../devices/mem$i bus/cxl/devices/mem$i; "
		 "ln -s ../mem$i devices/endpoint$i/uport; "
		 "ln -s ../../../devices/endpoint$i/decoder$i.0 bus/cxl/devices/decoder$i.0; done; "
		 "echo 1-A >devices/region0/dax_region0/uuid",
		 kernel->root);
	assert_int_equal(system(command), 0);
}

/* dax0.1 is on the same region. */
static void make_neighbour(struct fake_kernel *kernel)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "set -e; cd %s; mv bus/dax/devices/dax0.1 devices/region0/dax_region0; "
		 "ln -s ../../../devices/region0/dax_region0/dax0.1 bus/dax/devices/dax0.1",
		 kernel->root);
	assert_int_equal(system(command), 0);
}

static void assert_match(struct fake_kernel *kernel, const char *conditions, bool expected)
{
	struct dax_device device;
	struct problem problem;
	struct config config;
	char text[256];

	snprintf(text, sizeof(text), "[reconfigure-device x]\n%s\n", conditions);
	config = (struct config){ 0 };
	config_parse(&config, "a.conf", text, strlen(text), &problem);
	assert_int_equal(config.nr, 1);
	assert_int_equal(dax_device_read(&kernel->sysfs, "dax0.0", &device), 0);
	if (config_section_matches(&config.section[0], &kernel->sysfs, &device) != expected)
		fail_msg("%s: %s", conditions, expected ? "does not match" : "matches");
	dax_device_free(&device);
	config_free(&config);
}

static void test_matches(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 1);
	assert_match(&kernel, "cxl.serial = 0x10", false);
	assert_match(&kernel, "nvdimm.uuid = 1-a", false);
	make_cxl(&kernel);
	assert_match(&kernel, "cxl.serial = 0x10", true);
	assert_match(&kernel, "cxl.serial = 32", true);
	assert_match(&kernel, "cxl.serial = 0x30", false);
	assert_match(&kernel, "dax.resource = 0x100000000", true);
	assert_match(&kernel, "dax.resource = 4294967297", false);
	assert_match(&kernel, "dax.target_node = 1", true);
	assert_match(&kernel, "dax.target_node = 0", false);
	assert_match(&kernel, "dax.target_node = 18446744073709551615", false);
	assert_match(&kernel, "dax.path = */region0/*/dax0.?", true);
	assert_match(&kernel, "dax.path = /region0/*", false);
	assert_match(&kernel, "nvdimm.uuid = 1-a", true);
	assert_match(&kernel, "nvdimm.uuid = 1-b", false);
	assert_match(&kernel, "dax.target_node = 1\ncxl.serial = 0x20", true);
	assert_match(&kernel, "dax.target_node = 1\ncxl.serial = 0x21", false);
	assert_match(&kernel, "online = true", false);
	assert_match(&kernel, "online-type = movable", false);
	fake_kernel_stop(&kernel);
}

/* The section is about the device, but for a serial that does not tell which one. */
static void assert_ambiguous(struct fake_kernel *kernel, const char *conditions, const char *text)
{
	char content[256];
	struct dax_device device;
	struct problem problem = { 0 };
	struct config config = { 0 };

	snprintf(content, sizeof(content), "[reconfigure-device x]\n%s\n", conditions);
	assert_int_equal(config_parse(&config, "a.conf", content, strlen(content), &problem), 0);
	assert_int_equal(dax_device_read(&kernel->sysfs, "dax0.0", &device), 0);
	assert_int_equal(config_section_is_ambiguous(&config.section[0], &kernel->sysfs, &device,
						     &problem),
			 text != NULL);
	if (text) {
		assert_string_equal(problem.text, text);
		assert_false(config_section_matches(&config.section[0], &kernel->sysfs, &device));
	}
	dax_device_free(&device);
	config_free(&config);
}

static void test_ambiguous(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 1);
	make_cxl(&kernel);
	assert_ambiguous(&kernel, "cxl.serial = 0x10", NULL);
	fake_write(&kernel, "0x10", "devices/mem1/serial");
	assert_ambiguous(&kernel, "cxl.serial = 0x10",
			 "section 'x' (a.conf:1) is not applied: 2 CXL memory devices have the "
			 "serial number 0x10");
	/* Another condition does not hold, so that it is not about this device. */
	assert_ambiguous(&kernel, "cxl.serial = 0x10\ndax.target_node = 5", NULL);
	assert_ambiguous(&kernel, "dax.target_node = 1", NULL);
	assert_ambiguous(&kernel, "cxl.serial = 0", NULL);
	fake_write(&kernel, "0x20", "devices/mem1/serial");
	fake_write(&kernel, "0", "devices/mem0/serial");
	assert_ambiguous(
		&kernel, "cxl.serial = 0",
		"section 'x' (a.conf:1) is not applied: cxl.serial = 0 stands for a device "
		"without a serial number");
	assert_ambiguous(&kernel, "cxl.serial = 0x20", NULL);
	fake_kernel_stop(&kernel);
}

static void assert_identity(struct fake_kernel *kernel, const char *name, const char *expected)
{
	char condition[96] = "";
	struct dax_device device;

	assert_int_equal(dax_device_read(&kernel->sysfs, name, &device), 0);
	assert_int_equal(config_identify(&kernel->sysfs, &device, condition, sizeof(condition)),
			 expected != NULL);
	assert_string_equal(condition, expected ? expected : "");
	dax_device_free(&device);
}

static void test_identify(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_start(&kernel, 2);
	assert_identity(&kernel, "dax0.1", "dax.resource = 0x120000000");
	make_cxl(&kernel);
	assert_identity(&kernel, "dax0.0", "nvdimm.uuid = 1-A");
	fake_write(&kernel, "no/uuid", "devices/region0/dax_region0/uuid");
	assert_identity(&kernel, "dax0.0", "cxl.serial = 0x10");
	fake_write(&kernel, "0", "devices/mem0/serial");
	assert_identity(&kernel, "dax0.0", "cxl.serial = 0x20");
	fake_write(&kernel, "0", "devices/mem1/serial");
	assert_identity(&kernel, "dax0.0", "dax.resource = 0x100000000");
	fake_write(&kernel, "0x30", "devices/mem0/serial");
	fake_write(&kernel, "0x30", "devices/mem1/serial");
	assert_identity(&kernel, "dax0.0", "dax.resource = 0x100000000");
	/* Two devices on one region have everything in common but this. */
	fake_write(&kernel, "0x40", "devices/mem1/serial");
	assert_identity(&kernel, "dax0.0", "cxl.serial = 0x30");
	make_neighbour(&kernel);
	assert_identity(&kernel, "dax0.0", "dax.resource = 0x100000000");
	assert_identity(&kernel, "dax0.1", "dax.resource = 0x120000000");
	fake_write(&kernel, "0x100000000", "devices/region0/dax_region0/dax0.1/resource");
	assert_identity(&kernel, "dax0.0", NULL);
	fake_kernel_stop(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("a section is about the devices that all its conditions hold for",
		     test_matches),
		TEST("a serial that is 0, or belongs to two, is about none", test_ambiguous),
		TEST("a device is known by what no other device has", test_identify),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
