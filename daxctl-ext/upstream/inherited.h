/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_INHERITED_H
#define DAXCTL_INHERITED_H

/*
 * What a process may inherit that would make it misbehave: a standard stream
 * that is closed, so that the next file that is opened gets its number and the
 * messages; and SIGCHLD ignored, so that no child's exit status is to be had.
 */

/* Puts /dev/null and the default in their place. The streams end with exec. */
void inherited_replace(void);

/* Before exec: SIGCHLD as the caller gave it. */
void inherited_restore(void);

#endif
