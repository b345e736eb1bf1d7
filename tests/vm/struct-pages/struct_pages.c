// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records the struct pages of each memory block at two moments: before its pages are
 * onlined, as they were initialized (MEM_GOING_ONLINE; "memmap" are those of the pages
 * that hold the struct pages), and when they are online (MEM_ONLINE). Reading
 * /sys/kernel/debug/struct_pages prints what was recorded: a line for each run of equal struct
 * pages, with the event, the first page frame number, how many they are, and their contents.
 *
 * All words are printed as they are, but for three kinds of difference that mean
 * nothing between two kernels:
 *  - a list entry that points to a struct page is shown by its distance in pages;
 *  - a list entry that points elsewhere, to the head of a free list, is shown as such;
 *  - a page that is in use is shown as such, without what it is used for. The kernel
 *    starts threads of a node before memory notifiers hear of its first block.
 */

#include <linux/debugfs.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#define WORDS	  (sizeof(struct page) / sizeof(unsigned long))
#define LRU	  (offsetof(struct page, lru) / sizeof(unsigned long))
#define MAX_LINES 16384

enum link {
	LINK_NONE,
	LINK_PAGE,
	LINK_HEAD
};

/* What is printed of one struct page. */
struct image {
	bool used;
	enum link link[2];
	unsigned long word[WORDS];
};

struct run {
	const char *event;
	unsigned long pfn;
	unsigned long count;
	struct image image;
};

static struct run *runs;
static unsigned int nr_runs;
static bool overflow;
static struct dentry *file;

static bool is_used(struct page *page)
{
	return page_count(page) && !PageOffline(page) && !PageVmemmapSelfHosted(page);
}

static void take_link(struct image *image, int which, struct page *page)
{
	unsigned long *word = &image->word[LRU + which];
	unsigned long own = (unsigned long)&page->lru;

	if (*word >= VMEMMAP_START &&
	    *word < VMEMMAP_START + (MAXMEM >> PAGE_SHIFT) * sizeof(*page)) {
		image->link[which] = LINK_PAGE;
		*word = (long)(*word - own) / (long)sizeof(struct page);
	} else if (*word >= PAGE_OFFSET) {
		image->link[which] = LINK_HEAD;
		*word = 0;
	}
}

static void take_image(struct image *image, struct page *page)
{
	memset(image, 0, sizeof(*image));
	image->used = is_used(page);
	if (image->used)
		return;
	memcpy(image->word, page, sizeof(image->word));
	take_link(image, 0, page);
	take_link(image, 1, page);
}

static void record(const char *event, unsigned long pfn, unsigned long end_pfn)
{
	struct run *run = NULL;
	struct image image;

	for (; pfn < end_pfn; pfn++) {
		take_image(&image, pfn_to_page(pfn));
		if (run && !memcmp(&run->image, &image, sizeof(image))) {
			run->count++;
			continue;
		}
		if (nr_runs == MAX_LINES) {
			overflow = true;
			return;
		}
		run = &runs[nr_runs++];
		run->event = event;
		run->pfn = pfn;
		run->count = 1;
		run->image = image;
	}
}

static int on_memory(struct notifier_block *self, unsigned long action, void *data)
{
	const unsigned long block = memory_block_size_bytes() >> PAGE_SHIFT;
	struct memory_notify *range = data;
	unsigned long start = range->start_pfn;
	unsigned long end = start + range->nr_pages;

	if (action == MEM_GOING_ONLINE) {
		record("memmap", ALIGN_DOWN(start, block), start);
		record("initialized", start, end);
	} else if (action == MEM_ONLINE) {
		record("online", start, end);
	}
	return NOTIFY_OK;
}

/* After all others: they may change struct pages too. */
static struct notifier_block notifier = {
	.notifier_call = on_memory,
	.priority = INT_MIN,
};

static void show_run(struct seq_file *seq, const struct run *run)
{
	unsigned int i;

	seq_printf(seq, "%s %lx %lu", run->event, run->pfn, run->count);
	if (run->image.used) {
		seq_puts(seq, " used\n");
		return;
	}
	for (i = 0; i < WORDS; i++) {
		enum link link = i == LRU || i == LRU + 1 ? run->image.link[i - LRU] : LINK_NONE;

		if (link == LINK_PAGE)
			seq_printf(seq, " page%+ld", (long)run->image.word[i]);
		else if (link == LINK_HEAD)
			seq_puts(seq, " head");
		else
			seq_printf(seq, " %lx", run->image.word[i]);
	}
	seq_putc(seq, '\n');
}

static int struct_pages_show(struct seq_file *seq, void *data)
{
	unsigned int i;

	for (i = 0; i < nr_runs; i++)
		show_run(seq, &runs[i]);
	if (overflow)
		seq_puts(seq, "overflow\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(struct_pages);

static int __init struct_pages_init(void)
{
	int err;

	runs = vcalloc(MAX_LINES, sizeof(*runs));
	if (!runs)
		return -ENOMEM;
	err = register_memory_notifier(&notifier);
	if (err) {
		vfree(runs);
		return err;
	}
	file = debugfs_create_file("struct_pages", 0400, NULL, NULL, &struct_pages_fops);
	return 0;
}
module_init(struct_pages_init);

static void __exit struct_pages_exit(void)
{
	debugfs_remove(file);
	unregister_memory_notifier(&notifier);
	vfree(runs);
}
module_exit(struct_pages_exit);

MODULE_DESCRIPTION("Record the struct pages of memory that goes online");
MODULE_LICENSE("GPL");
