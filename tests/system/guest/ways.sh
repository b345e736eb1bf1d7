#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whatever way the policy came: after boot, with nobody typing, the device's memory is in
# ZONE_MOVABLE, and the system is the same after every boot.
#
# usage: ways.sh POLICY, which the device has

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem $1"
	all_blocks dax0.0 "online Movable"
}

ok "boot $BOOT: every block is in ZONE_MOVABLE, and the policy is $1" all_movable "$1"
ok "boot $BOOT: no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
ok "boot $BOOT: devices, nodes and memory are as in the first boot" \
	same_as_before state system_state
boot_done
