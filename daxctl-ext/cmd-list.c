// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "commands.h"
#include "device.h"
#include "forward.h"
#include "json.h"

/* Is there any device that has something to add to the distribution's list? */
static int has_more_to_tell(const char *name, void *data)
{
	const struct sysfs *sysfs = data;

	return sysfs_exists(sysfs, DAX_DEVICES "/%s/online_type", name) ||
	       sysfs_exists(sysfs, DAX_DEVICES "/%s/state", name);
}

int cmd_list(int argc, char **argv)
{
	struct sysfs sysfs = { .root = "/sys" };
	_cleanup_free_ char *output = NULL;
	_cleanup_free_ char *augmented = NULL;
	size_t length;
	int status;

	(void)argc;
	if (sysfs_for_each(&sysfs, has_more_to_tell, &sysfs, DAX_DEVICES) <= 0)
		return forward(argv);
	status = forward_and_capture(argv, &output, &length);
	if (output)
		augmented = json_augment_list(&sysfs, output, length);
	if (augmented)
		fputs(augmented, stdout);
	else if (output)
		fwrite(output, 1, length, stdout);
	return fflush(stdout) == 0 ? status : status_of_errno(-EIO);
}
