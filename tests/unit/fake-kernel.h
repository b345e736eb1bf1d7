/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "device/blocks.h"
#include "device/device.h"
#include "device/sysfs.h"

/*
 * A tree of files that looks like sysfs, and behind it as much of the kernel
 * as daxctl can notice: drivers that bind and unbind, kmem that adds and
 * removes memory blocks, attributes that refuse what they must. Made
 * for one or several devices of 4 memory blocks each, of 128 MiB.
 */
struct fake_kernel {
	char root[64];
	struct sysfs sysfs;
	bool has_state;	       /* the state attribute of kmem */
	bool kmem_by_kind;     /* kmem takes the devices by their kind, as it does CXL and hmem */
	bool siblings_by_kind; /* kmem takes all but dax0.0 by their kind */
	bool stuck;	       /* no block can be taken offline */
	bool onlining_fails;   /* every second block stays offline, without an error */
	bool no_hotremove;     /* memory cannot be removed, and its zone is not reported */

	size_t nr_writes;	      /* so far */
	size_t fail_at;		      /* the write with this number (from 1) is refused */
	int fail_with;		      /* with this negative errno */
	void (*before_write)(void *); /* called with each write */
	void *before_write_data;
	bool sibling_was_online; /* memory of another device than dax0.0, ever */
	bool has_leaked;	 /* kmem was unbound while memory was online, or had to stay */
	bool is_online[32];	 /* the blocks from FAKE_FIRST_BLOCK on, whatever their files say */
	int load_error;		 /* a negative errno: why kmem cannot be loaded */
	char ids[8][2 * DAX_NAME_SIZE]; /* "driver device", of new_id */
};

#define FAKE_BLOCK_SIZE	 0x8000000ull
#define FAKE_NR_BLOCKS	 4 /* of each device */
#define FAKE_FIRST_BLOCK 32

/* Makes the tree with dax0.0 (to dax0.@nr_devices-1), unbound, with the policy "default". */
void fake_kernel_start(struct fake_kernel *kernel, size_t nr_devices);
void fake_kernel_stop(struct fake_kernel *kernel);

/* A kernel of before online_type, as far as dax0.0 is concerned. */
void fake_without_policy(struct fake_kernel *kernel);

/* The kmem module: what the executor calls to load it. One fake at a time. */
int fake_load_module(const char *name);

/*
 * Another process is taking the block offline, and will give up; or waits for
 * those who write to the block's state, and leaves it to them.
 */
void fake_going_offline(struct fake_kernel *kernel, unsigned int id);

/* From now on the file can be written, and not read. */
void fake_make_unreadable(struct fake_kernel *kernel, const char *path);

/* Sets up the tree for a test. Failures end the test. */
void fake_bind(struct fake_kernel *kernel, const char *device, const char *driver);
void fake_write(struct fake_kernel *kernel, const char *value, const char *path);

/* Everything that a reconfiguration may change, in one line of text. */
void fake_describe(struct fake_kernel *kernel, const char *device, char *text, size_t size);

#endif
