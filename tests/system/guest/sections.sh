#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# After boot, with nobody typing: the device that a section matches is memory as the section says, a
# further device never was, and the system is the same after every boot. Wants the files of
# sections, unplugged and watch.

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

# further_devices: those without a section.
further_devices()
{
	local device

	for device in "$dax_devices"/dax*; do
		device=${device##*/}
		if [[ $device != dax0.0 ]]; then
			printf '%s\n' "$device"
		fi
	done
}

nothing_else_failed()
{
	expect "$(failed_units)" ""
}

ok "boot $BOOT: every block of the device with a section is in ZONE_MOVABLE" all_movable
ok "boot $BOOT: the unit is active" unit_succeeded daxdev-reconfigure@dev-dax0.0.service
for device in $(further_devices); do
	ok "boot $BOOT: $device, without a section, is with kmem" expect "$(driver_of "$device")" kmem
	ok "boot $BOOT: $device, without a section, was never memory" never_memory "$device"
done
ok "boot $BOOT: no unit failed but those that do on a plain Debian" nothing_else_failed
ok "boot $BOOT: devices, nodes and memory are as in the first boot" \
	same_as_in_the_first_boot state system_state
boot_done
