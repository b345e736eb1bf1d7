// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "cleanup.h"
#include "commands.h"
#include "forward.h"

int out_of_memory(void)
{
	fprintf(stderr, "daxctl: out of memory\n");
	return status_of_errno(-ENOMEM);
}

int list_option_names(char **argv, const struct option_spec *spec, size_t nr_specs)
{
	_cleanup_free_ char *names = NULL;
	size_t length;
	int status = forward_and_capture(argv, &names, &length);

	if (names)
		fwrite(names, 1, length, stdout);
	if (status != STATUS_LIST_OPTS)
		return status;
	for (size_t i = 0; i < nr_specs; i++) {
		if (spec[i].is_ours)
			printf("--%s ", spec[i].long_name);
	}
	return status;
}
