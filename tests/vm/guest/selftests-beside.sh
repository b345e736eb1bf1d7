#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's test of the online policy does to other devices, and what it leaves
# behind: nothing.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

autoprobe=/sys/bus/dax/drivers_autoprobe

# selftest DEVICE: runs it; what it prints is in /tmp/selftest.
selftest()
{
	DAX_KMEM_TEST_DEV=$1 dax/dax-online-type.sh >/tmp/selftest 2>&1
}

situation()
{
	printf '%s, %s, autoprobe %s\n' "$(driver_of dax0.0)" "$(driver_of dax0.1)" "$(<$autoprobe)"
}

passes()
{
	selftest "$1" || fail "$(grep -v ^ok /tmp/selftest)"
	grep -q "^# using dax0.0 " /tmp/selftest
	! grep "could not restore" /tmp/selftest >&2
}

leaves_a_sibling_unbound()
{
	[[ ! -e $dax_drivers/kmem ]]
	passes dax0.0
	expect "$(situation)" "none, none, autoprobe 1"
}

skips_where_new_id_might_bind_a_sibling()
{
	bind dax0.0 device_dax
	! selftest dax0.0 || fail "it ran"
	grep "^1..0 # SKIP .*dax0.1$" /tmp/selftest
	expect "$(situation)" "device_dax, none, autoprobe 1"
}

restores_the_driver_and_leaves_no_id()
{
	bind dax0.1 device_dax
	for device in dax0.0 dax0.1; do
		echo "$device" >"$dax_drivers/device_dax/remove_id"
	done
	passes dax0.0
	expect "$(situation)" "device_dax, device_dax, autoprobe 1"
	unbind dax0.0
	! echo dax0.0 2>/dev/null >"$dax_drivers/device_dax/bind" ||
		fail "device_dax still knows the name"
	expect "$(situation)" "none, device_dax, autoprobe 1"
}

auto_takes_what_kmem_holds()
{
	set_policy dax0.0 online_movable
	bind dax0.0 kmem
	passes auto
	expect "$(situation)" "kmem, device_dax, autoprobe 1"
	all_blocks dax0.0 "online Movable"
}

statuses()
{
	local block

	for block in $(blocks_of dax0.0); do
		printf '%s %s\n' "$block" "$(block_status "$block")"
	done
}

# changed_by_hand STATE: the first memory block is, before the test runs.
changed_by_hand()
{
	local before

	echo "$1" >"$memory/memory$(first_block dax0.0)/state"
	before=$(statuses)
	passes auto
	expect "$(statuses)" "$before"
}

# rebind POLICY
rebind()
{
	take_out dax0.0
	unbind dax0.0
	set_policy dax0.0 "$1"
	bind dax0.0 kmem
}

restores_single_memory_blocks()
{
	changed_by_hand offline
	set_system_default offline
	rebind default
	changed_by_hand online_movable
}

# keeps_udev_from_onlining POLICY DEFAULT: which online the memory in ZONE_MOVABLE
keeps_udev_from_onlining()
{
	local onlined=/run/onlined-by-udev

	set_system_default "$2"
	rebind "$1"
	mkdir -p /etc/udev/rules.d
	# As RHEL's does
	echo 'ACTION=="add", SUBSYSTEM=="memory", ATTR{state}=="offline", ATTR{state}="online",' \
		"RUN+=\"/bin/touch $onlined\"" >/etc/udev/rules.d/memory.rules
	rm -f $onlined /run/udev/control
	(exec -a systemd-udevd udevadm >/dev/null 2>&1) &
	wait_for /run/udev/control >/dev/null
	passes auto
	all_blocks dax0.0 "online Movable"
	# Held events would stay.
	udevadm trigger --action=change "$memory/memory0"
	udevadm settle --timeout=20
	kill $!
	wait $! || :
	[[ ! -e $onlined ]] || fail "the rule has found memory blocks offline"
}

if [[ $(driver_of dax0.0) != none ]]; then
	unbind dax0.0
fi
divide_device 2 $((512 << 20))
ok "another device that no driver has stays so, when kmem is loaded too" leaves_a_sibling_unbound
ok "it skips a device that may need new_id, while there is one" \
	skips_where_new_id_might_bind_a_sibling
ok "device_dax gets its device back, and its list of names stays empty" \
	restores_the_driver_and_leaves_no_id
ok "auto is the device that kmem holds" auto_takes_what_kmem_holds
ok "memory blocks that were changed by hand are so again" restores_single_memory_blocks
ok "a udev rule that onlines memory blocks waits until they are as before" \
	keeps_udev_from_onlining online_movable offline
ok "it does so if the system default decided about them" \
	keeps_udev_from_onlining default online_movable
done_testing
