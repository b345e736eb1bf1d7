// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "device/blocks.h"
#include "fake-kernel.h"
#include "unit.h"

#define MIB (UINT64_C(1) << 20)

static void assert_blocks(const struct dax_range *range, size_t nr, uint64_t block_size,
			  const uint64_t *ids, size_t nr_ids)
{
	struct blocks blocks;

	assert_int_equal(blocks_from_ranges(&blocks, range, nr, block_size), 0);
	assert_int_equal(blocks.nr, nr_ids);
	for (size_t i = 0; i < nr_ids; i++) {
		assert_int_equal(blocks.block[i].id, ids[i]);
		assert_int_equal(blocks.block[i].state, BLOCK_MISSING);
	}
	blocks_free(&blocks);
}

static void test_aligned(void **state)
{
	const struct dax_range range = { 256 * MIB, 768 * MIB - 1 };
	const uint64_t ids[] = { 2, 3, 4, 5 };

	(void)state;
	assert_blocks(&range, 1, 128 * MIB, ids, 4);
}

static void test_partial(void **state)
{
	const struct dax_range ends_late = { 256 * MIB, 513 * MIB };
	const struct dax_range starts_early = { 255 * MIB, 512 * MIB - 1 };
	const struct dax_range ends_one_short = { 256 * MIB, 512 * MIB - 2 };
	const struct dax_range small = { 130 * MIB, 300 * MIB };
	const uint64_t ids[] = { 2, 3 };

	(void)state;
	assert_blocks(&ends_late, 1, 128 * MIB, ids, 2);
	assert_blocks(&starts_early, 1, 128 * MIB, ids, 2);
	assert_blocks(&ends_one_short, 1, 128 * MIB, ids, 1);
	assert_blocks(&small, 1, 128 * MIB, NULL, 0);
}

static void test_several(void **state)
{
	const struct dax_range ranges[] = {
		{ 1024 * MIB, 1280 * MIB - 1 },
		{ 128 * MIB, 256 * MIB - 1 },
		{ 10 * MIB, 20 * MIB },
	};
	const uint64_t ids[] = { 8, 9, 1 };

	(void)state;
	assert_blocks(ranges, 3, 128 * MIB, ids, 3);
	assert_blocks(ranges, 0, 128 * MIB, NULL, 0);
}

static void test_extremes(void **state)
{
	const struct dax_range top = { UINT64_MAX - 256 * MIB + 1, UINT64_MAX };
	const struct dax_range backwards = { 512 * MIB, 256 * MIB };
	const struct dax_range everything = { 0, UINT64_MAX };
	const struct dax_range twice[] = { { 0, (UINT64_C(1) << 46) - 1 }, everything };
	const uint64_t ids[] = { UINT64_MAX / (128 * MIB) - 1, UINT64_MAX / (128 * MIB) };
	struct blocks blocks;

	(void)state;
	assert_blocks(&top, 1, 128 * MIB, ids, 2);
	assert_blocks(&backwards, 1, 128 * MIB, NULL, 0);
	assert_int_equal(blocks_from_ranges(&blocks, &everything, 1, 1), -EINVAL);
	assert_int_equal(blocks_from_ranges(&blocks, twice, 2, 128 * MIB), -EINVAL);
	assert_int_equal(blocks_from_ranges(&blocks, &top, 1, 0), -EINVAL);
	assert_int_equal(blocks_from_ranges(&blocks, &top, 1, 100 * MIB), -EINVAL);
}

static void test_as_asked(void **state)
{
	/* One row per state, one column per policy from "offline" to "unplugged". */
	static const bool expected[NR_BLOCK_STATES][5] = {
		[BLOCK_MISSING] = { 0, 0, 0, 0, 1 },	[BLOCK_UNREADABLE] = { 0, 0, 0, 0, 0 },
		[BLOCK_OFFLINE] = { 1, 0, 0, 0, 0 },	[BLOCK_ONLINE] = { 0, 1, 0, 0, 0 },
		[BLOCK_MOVABLE] = { 0, 1, 0, 1, 0 },	[BLOCK_NORMAL] = { 0, 1, 1, 0, 0 },
		[BLOCK_DMA32] = { 0, 1, 1, 0, 0 },	[BLOCK_DMA] = { 0, 1, 1, 0, 0 },
		[BLOCK_HIGHMEM] = { 0, 1, 1, 0, 0 },	[BLOCK_MIXED] = { 0, 1, 1, 0, 0 },
		[BLOCK_OTHER_ZONE] = { 0, 1, 0, 0, 0 },
	};

	(void)state;
	for (enum block_state i = 0; i < NR_BLOCK_STATES; i++) {
		for (enum policy policy = POLICY_OFFLINE; policy <= POLICY_UNPLUGGED; policy++)
			assert_int_equal(block_is_as_asked(i, policy),
					 expected[i][policy - POLICY_OFFLINE]);
		assert_false(block_is_as_asked(i, POLICY_DEFAULT));
	}
}

static void test_describe(void **state)
{
	struct block block[16];
	struct blocks blocks = { 128 * MIB, 16, block };
	char text[200], tiny[20];

	(void)state;
	for (size_t i = 0; i < 16; i++)
		block[i].state = BLOCK_MOVABLE;
	block[3].state = BLOCK_OFFLINE;
	block[4].state = BLOCK_OFFLINE;
	block[9].state = BLOCK_NORMAL;
	blocks_describe_unlike(&blocks, POLICY_ONLINE_MOVABLE, text, sizeof(text));
	assert_string_equal(text, "3 of 16 memory blocks are not in Movable: 2 offline, 1 Normal");
	blocks_describe_unlike(&blocks, POLICY_ONLINE_KERNEL, text, sizeof(text));
	assert_string_equal(
		text, "15 of 16 memory blocks are not in a kernel zone: 2 offline, 13 Movable");
	block[4].state = BLOCK_MOVABLE;
	blocks_describe_unlike(&blocks, POLICY_ONLINE, text, sizeof(text));
	assert_string_equal(text, "1 of 16 memory blocks is not online: 1 offline");
	blocks_describe_unlike(&blocks, POLICY_UNPLUGGED, text, sizeof(text));
	assert_string_equal(text, "16 of 16 memory blocks are not unplugged: 1 offline, 14 "
				  "Movable, 1 Normal");
	blocks_describe_unlike(&blocks, POLICY_OFFLINE, tiny, sizeof(tiny));
	assert_string_equal(tiny, "15 of 16 memory blo");
}

static void test_read(void **state)
{
	struct fake_kernel kernel;
	const struct dax_range range = { FAKE_FIRST_BLOCK * FAKE_BLOCK_SIZE,
					 (FAKE_FIRST_BLOCK + 5) * FAKE_BLOCK_SIZE - 1 };
	struct blocks blocks;
	uint64_t size;

	(void)state;
	fake_kernel_start(&kernel, 1);
	fake_bind(&kernel, "dax0.0", "kmem");
	fake_write(&kernel, "online_movable", "devices/system/memory/memory33/state");
	fake_write(&kernel, "online_kernel", "devices/system/memory/memory34/state");
	fake_write(&kernel, "none", "devices/system/memory/auto_online_blocks");
	assert_int_equal(blocks_read_size(&kernel.sysfs, &size), 0);
	assert_int_equal(size, 128 * MIB);
	assert_int_equal(blocks_from_ranges(&blocks, &range, 1, size), 0);
	blocks_read(&kernel.sysfs, &blocks);
	assert_int_equal(blocks.block[0].state, BLOCK_OFFLINE);
	assert_int_equal(blocks.block[1].state, BLOCK_MOVABLE);
	assert_int_equal(blocks.block[2].state, BLOCK_NORMAL);
	assert_int_equal(blocks.block[3].state, BLOCK_OFFLINE);
	assert_int_equal(blocks.block[4].state, BLOCK_MISSING);
	blocks_free(&blocks);
	fake_kernel_stop(&kernel);
	assert_int_equal(blocks_read_size(&kernel.sysfs, &size), -EOPNOTSUPP);
}

static void test_out_of_use(void **state)
{
	const struct dax_range range = { FAKE_FIRST_BLOCK * FAKE_BLOCK_SIZE,
					 (FAKE_FIRST_BLOCK + 4) * FAKE_BLOCK_SIZE - 1 };
	struct fake_kernel kernel;
	struct blocks blocks;

	(void)state;
	fake_kernel_start(&kernel, 1);
	fake_bind(&kernel, "dax0.0", "kmem");
	fake_write(&kernel, "online_movable", "devices/system/memory/memory33/state");
	fake_write(&kernel, "online_movable", "devices/system/memory/memory34/state");
	fake_going_offline(&kernel, 34);
	fake_make_unreadable(&kernel, "devices/system/memory/memory35/state");
	assert_true(block_is_out_of_use(&kernel.sysfs, 32));
	assert_false(block_is_out_of_use(&kernel.sysfs, 33));
	assert_false(block_is_out_of_use(&kernel.sysfs, 34));
	assert_false(block_is_out_of_use(&kernel.sysfs, 35));
	assert_true(block_is_out_of_use(&kernel.sysfs, 36));
	assert_int_equal(blocks_from_ranges(&blocks, &range, 1, FAKE_BLOCK_SIZE), 0);
	assert_true(blocks_can_be_removed(&kernel.sysfs, &blocks));
	blocks_free(&blocks);
	fake_kernel_stop(&kernel);
}

static void test_without_hotremove(void **state)
{
	const struct dax_range range = { FAKE_FIRST_BLOCK * FAKE_BLOCK_SIZE,
					 (FAKE_FIRST_BLOCK + 4) * FAKE_BLOCK_SIZE - 1 };
	struct fake_kernel kernel;
	struct blocks blocks;
	char text[200];

	(void)state;
	fake_kernel_start(&kernel, 1);
	kernel.no_hotremove = true;
	assert_int_equal(blocks_from_ranges(&blocks, &range, 1, FAKE_BLOCK_SIZE), 0);
	assert_true(blocks_can_be_removed(&kernel.sysfs, &blocks));
	fake_bind(&kernel, "dax0.0", "kmem");
	fake_write(&kernel, "online", "devices/system/memory/memory33/state");
	fake_make_unreadable(&kernel, "devices/system/memory/memory35/state");
	blocks_read(&kernel.sysfs, &blocks);
	assert_int_equal(blocks.block[0].state, BLOCK_OFFLINE);
	assert_int_equal(blocks.block[1].state, BLOCK_ONLINE);
	assert_int_equal(blocks.block[3].state, BLOCK_UNREADABLE);
	assert_false(blocks_can_be_removed(&kernel.sysfs, &blocks));
	blocks_describe_unlike(&blocks, POLICY_ONLINE_MOVABLE, text, sizeof(text));
	assert_string_equal(text, "4 of 4 memory blocks are not in Movable: 1 unreadable, "
				  "2 offline, 1 online in an unknown zone");
	blocks_free(&blocks);
	fake_kernel_stop(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST("an aligned range consists of its blocks", test_aligned),
		TEST("a block that is only partly in a range does not count", test_partial),
		TEST("several ranges give the blocks of each, and none between them", test_several),
		TEST("ranges at the end of the address space, backward or absurd do no harm",
		     test_extremes),
		TEST("each state of a block satisfies the right policies", test_as_asked),
		TEST("blocks that are not as requested are counted by state and zone",
		     test_describe),
		TEST("the state and zone of blocks are read from sysfs", test_read),
		TEST("only a block that is missing or says \"offline\" is out of use",
		     test_out_of_use),
		TEST("without hot-remove a block is online in a zone that cannot be told",
		     test_without_hotremove),
	};

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
