// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: hold-dax open|mapped NODE
 * Keeps the node of a dax device open, or only a mapping of it, with a page in use.
 * For each line that it reads, it writes one; with a mapping, after an access to that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Device dax maps no less than its alignment. */
#define MAPPED ((size_t)2 << 20)

int main(int argc, char **argv)
{
	volatile char *memory = NULL;
	int fd, c;

	if (argc != 3)
		return 2;
	fd = open(argv[2], O_RDWR);
	if (fd < 0) {
		perror(argv[2]);
		return 1;
	}
	if (strcmp(argv[1], "mapped") == 0) {
		memory = mmap(NULL, MAPPED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory == MAP_FAILED) {
			perror("mmap");
			return 1;
		}
		close(fd);
		memory[0] = 1;
	}
	do {
		if (memory)
			memory[0]++;
		puts("there");
		fflush(stdout);
		do
			c = getchar();
		while (c != '\n' && c != EOF);
	} while (c != EOF);
	return 0;
}
