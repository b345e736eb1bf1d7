/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_STATUS_H
#define DAXCTL_STATUS_H

/*
 * Shows for each device whether its policy, its memory and the configuration
 * agree. Upstream daxctl has no such command. As those of commands.h.
 */
int cmd_status(int argc, char **argv);
void usage_status(void);

/* Of this program. Set by main(). */
extern const char *extension_version;

#endif
