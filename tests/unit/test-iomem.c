// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "device/iomem.h"
#include "unit.h"

/* Reads that text as if it were /proc/iomem. */
static int read_text(const char *text, struct dax_range **range, size_t *nr)
{
	char path[] = "/tmp/test-iomem.XXXXXX";
	int fd = mkstemp(path), rc;
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");

	if (!stream)
		abort(); /* which clang-tidy knows not to return */
	fputs(text, stream);
	fclose(stream);
	rc = iomem_read(path, range, nr);
	unlink(path);
	return rc;
}

static void test_ranges(void **state)
{
	struct dax_range *range;
	size_t nr;

	(void)state;
	assert_int_equal(read_text("00001000-0009fbff : System RAM\n"
				   "110000000-20fffffff : CXL Window 0\n"
				   "  110000000-18fffffff : region0\n"
				   "    110000000-18fffffff : dax0.0\n"
				   "      110000000-137ffffff : System RAM (kmem)\n"
				   "      148000000-18fffffff : System RAM (kmem)\n"
				   "240000000-a3fffffff : PCI Bus 0000:00\n",
				   &range, &nr),
			 0);
	assert_int_equal(nr, 2);
	assert_int_equal(range[0].start, 0x110000000);
	assert_int_equal(range[0].end, 0x137ffffff);
	assert_int_equal(range[1].start, 0x148000000);
	assert_int_equal(range[1].end, 0x18fffffff);
	free(range);
}

static void test_nothing_to_tell(void **state)
{
	struct dax_range *range;
	size_t nr;

	(void)state;
	/* As the kernel shows it without privilege */
	assert_int_equal(read_text("00000000-00000000 : CXL Window 0\n"
				   "  00000000-00000000 : System RAM (kmem)\n",
				   &range, &nr),
			 0);
	assert_int_equal(nr, 0);
	assert_null(range);
	assert_int_equal(iomem_read("/nowhere", &range, &nr), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_nothing_to_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
