#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Somebody who has only the guide, which has to be in /root, gets a machine with two expanders, one
# of 2 GiB to be removable and one of 1 GiB for the kernel, to the same state after every boot: from
# the second on, with nobody typing, whichever of them is dax0.0. Wants --exchange.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

# block NAME: prints that code block of the guide.
block()
{
	awk -v name="$1" '
		/^```/ { inside = $2 == name; next }
		inside { print; found = 1 }
		END { exit !found }' /root/guide.md
}

write_what_the_guide_says()
{
	block unplugged-first >/etc/modprobe.d/dax-online-type.conf
	mkdir -p /etc/daxctl.conf.d
	block sections >/etc/daxctl.conf.d/online-type.conf
}

# device_of GIBS: prints the name of the device of that size.
device_of()
{
	local device

	for device in "$dax_devices"/dax*; do
		if (($(<"$device/size") == $1 << 30)); then
			echo "${device##*/}"
			return
		fi
	done
	fail "there is no device of $1 GiB"
}

# is_in GIBS POLICY ZONE
is_in()
{
	local device

	device=$(device_of "$1")
	expect "$(driver_of "$device") $(policy_of "$device")" "kmem $2"
	all_blocks "$device" "online $3"
}

# state: without the names of the devices and of their nodes.
state()
{
	system_state | sed 's/^dax[0-9]*/dax/; s/ node [0-9]*,//' | sort
}

names_have_changed()
{
	device_of 2 >>/root/names
	if ((BOOT == 3)); then
		expect "$(tail -n 2 /root/names | sort -u | wc -l)" 2
	fi
}

if ((BOOT == 1)); then
	ok "the files that the guide shows are written" write_what_the_guide_says
else
	ok "boot $BOOT: the expander of 2 GiB is in ZONE_MOVABLE" is_in 2 online_movable Movable
	ok "boot $BOOT: the expander of 1 GiB is in a kernel zone" is_in 1 online_kernel Normal
	ok "boot $BOOT: no unit failed but those that do on a plain Debian" expect "$(failed_units)" ""
	ok "boot $BOOT: daxctl status finds no drift" daxctl status
	ok "boot $BOOT: nodes and memory are as in the boot before" same_as_before state state
	ok "boot $BOOT: the devices have each other's names, from boot to boot" names_have_changed
fi
boot_done
