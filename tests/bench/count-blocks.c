// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's emulation (TCG) that counts how often each translated block
 * of instructions runs, during the intervals between two of the guest's addresses.
 *
 * Arguments: begin=ADDRESS  an interval begins when the block runs that starts
 *            end=ADDRESS    there, unless one has begun, and ends with this
 *            out=FILE       a line for every block that ran in an interval:
 *                           INTERVAL (from 1 on) ADDRESS INSTRUCTIONS, the
 *                           address in hex
 *
 * For one processor. The interface is that of QEMU's qemu-plugin.h in version 2,
 * of QEMU 9.0; Debian has no package with that header.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int vcpu, void *data), int flags,
					  void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

EXPORT int qemu_plugin_version = 2;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* A block, as often as it was translated. They are never freed: QEMU keeps the pointers. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t instructions;
	uint64_t runs;
};

static struct block *blocks;
static uint64_t begin, end;
static unsigned int interval;
static int counting;
static FILE *out;

static void end_interval(void)
{
	struct block *block;

	for (block = blocks; block; block = block->next) {
		if (block->runs)
			fprintf(out, "%u %016" PRIx64 " %" PRIu64 "\n", interval, block->address,
				block->runs * block->instructions);
		block->runs = 0;
	}
}

static void block_runs(unsigned int vcpu, void *data)
{
	struct block *block = data;

	(void)vcpu;
	if (!counting && block->address == begin) {
		counting = 1;
		interval++;
	} else if (counting && block->address == end) {
		counting = 0;
		end_interval();
	} else if (counting) {
		block->runs++;
	}
}

static void block_is_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->address = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	block->next = blocks;
	blocks = block;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, 0, block);
}

static void machine_ends(uint64_t id, void *data)
{
	(void)id;
	(void)data;
	if (fclose(out))
		perror("count-blocks: cannot write");
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "begin=", 6))
			begin = strtoull(argv[i] + 6, NULL, 16);
		else if (!strncmp(argv[i], "end=", 4))
			end = strtoull(argv[i] + 4, NULL, 16);
		else if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "w");
	}
	if (!begin || !end || !out) {
		fprintf(stderr, "count-blocks: wants begin=ADDRESS,end=ADDRESS,out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_is_translated);
	qemu_plugin_register_atexit_cb(id, machine_ends, NULL);
	return 0;
}
