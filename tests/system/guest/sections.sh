#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# After boot, with nobody typing: the device is memory as its section says, or never was if it has
# none; and the system is the same after every boot. Wants the files of unplugged and watch, and of
# sections if there is to be one. "rule": there is also one that onlines what it finds offline.
#
# usage: sections.sh section|none [rule]

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem online_movable"
	all_blocks dax0.0 "online Movable"
}

unit_succeeded()
{
	expect "$(systemctl show --value --property=Result "$1")" success
	expect "$(systemctl is-active "$1")" active
}

# never_memory DEVICE: not even for a moment, since udev is there.
never_memory()
{
	local blocks

	all_blocks "$1" absent
	[[ -s /run/blocks-added ]] || fail "nobody has watched"
	blocks=$(comm -12 <(blocks_of "$1" | sort) <(sort -u /run/blocks-added))
	expect "$blocks" ""
}

# It is that rule that has nothing to do otherwise.
rule_acts()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0
	set_policy dax0.0 offline
	move dax0.0 kmem
	wait_until_quiet
	all_blocks dax0.0 "online Normal"
}

# Nobody binds persistent memory to kmem, and its driver has no parameter.
is_as_its_driver_makes_it()
{
	local expected="kmem unplugged"

	[[ $MACHINE != pmem ]] || expected="device_dax default"
	expect "$(driver_of "$1") $(policy_of "$1")" "$expected"
}

nothing_else_failed()
{
	expect "$(failed_units)" ""
}

journal_has_what_the_unit_did()
{
	grep -q 'reconfigured 1 device' <<<"$(journalctl -u 'daxdev-reconfigure@*' --boot --output=cat)"
}

case $1 in
section)
	ok "boot $BOOT: every block of the device with a section is in ZONE_MOVABLE" all_movable
	ok "boot $BOOT: the journal has what the unit did" journal_has_what_the_unit_did
	;;
none)
	ok "boot $BOOT: the device without a section is as its driver makes it" is_as_its_driver_makes_it dax0.0
	ok "boot $BOOT: the device without a section was never memory" never_memory dax0.0
	;;
esac
ok "boot $BOOT: the unit of the device is active" unit_succeeded daxdev-reconfigure@dev-dax0.0.service
ok "boot $BOOT: no unit failed but those that do on a plain Debian" nothing_else_failed
ok "boot $BOOT: devices, nodes and memory are as in the first boot" \
	same_as_before state system_state
if [[ ${2:-} = rule && $BOOT = "$BOOTS" ]]; then
	ok "under the policy offline, the rule has its way" rule_acts
fi
boot_done
