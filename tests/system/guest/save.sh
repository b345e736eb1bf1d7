#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --save in the first boot, after which the device is the same in the second, with nobody typing;
# --forget in the second, after which it is in the third as if nothing had been saved. Wants the
# files of unplugged, where kmem binds the device by itself.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

is_not_memory()
{
	all_blocks dax0.0 absent
}

save()
{
	daxctl reconfigure-device --mode=system-ram --online-type=online_movable --force --save dax0.0
	all_movable
}

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem online_movable"
	all_blocks dax0.0 "online Movable"
}

forget()
{
	daxctl reconfigure-device --forget dax0.0
}

case $BOOT in
1)
	ok "at first, the device is not memory" is_not_memory
	ok "it is configured and saved" save
	ok "the devices and the nodes are noted" same_as_before state system_state
	;;
2)
	ok "after the next boot, it is as it was saved" all_movable
	ok "that is what the configuration says" daxctl status dax0.0
	ok "the devices and the nodes are as they were" same_as_before state system_state
	ok "what was saved is forgotten" forget
	;;
3)
	ok "after the boot after that, it is not memory" is_not_memory
	;;
esac
ok "no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
boot_done
