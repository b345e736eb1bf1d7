// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "commands/commands.h"
#include "commands/session.h"
#include "plan/ids.h"
#include "signals.h"
#include "upstream/forward.h"

void forget_ids(void)
{
	_cleanup_close_ int lock = -1;
	int rc = session_lock(&sysfs_of_system, "daxctl", &lock);

	if (rc == 0)
		rc = ids_forget(&sysfs_of_system);
	/* Who may not write there has not bound anything either. */
	if (rc < 0 && rc != -EACCES)
		fprintf(stderr,
			"daxctl: warning: a driver may still know a dax device by its name "
			"(new_id), and bind the next one of that name: %s\n",
			strerror(-rc));
}

int forward_and_forget_ids(char **argv)
{
	int status;

	signals_catch();
	status = forward_and_wait(argv);
	forget_ids();
	signals_deliver();
	return status;
}

int cmd_forward_binding(int argc, char **argv)
{
	(void)argc;
	return forward_and_forget_ids(argv);
}
