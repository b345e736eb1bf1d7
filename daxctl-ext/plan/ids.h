/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DAXCTL_IDS_H
#define DAXCTL_IDS_H

#include "device/sysfs.h"

/*
 * Makes every driver forget the names of all dax devices that there are, as new_id
 * has made it know them (Documentation/ABI/testing/sysfs-bus-dax). A driver that
 * knows a name binds any later device of that name, whatever that device is. What
 * is bound stays so. 0 or the first negative errno.
 */
int ids_forget(const struct sysfs *sysfs);

#endif
