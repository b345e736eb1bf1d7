#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices that share a region: a device of two ranges with a neighbour between
# them, and unbound sibling devices. Neither of these may change.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

region=$(readlink -f "$dax_devices/dax0.0")/../dax_region
size=$((512 << 20))

reconfigure() # DEVICE ARGUMENT...
{
	local device=$1

	shift
	daxctl reconfigure-device "$@" "$device" >/tmp/stdout
}

resize() # DEVICE BYTES
{
	echo "$2" >"$dax_devices/$1/size"
}

partition()
{
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	resize dax0.0 "$size"
	for device in dax0.1 dax0.2; do
		echo 1 >"$region/create"
		expect "$(<"$region/create")" "$device"
		if [[ $(driver_of "$device") != none ]]; then
			unbind "$device"
		fi
	done
	resize dax0.1 "$size"
	resize dax0.0 $((2 * size))
	expect "$(find "$dax_devices/dax0.0/" -maxdepth 1 -name 'mapping[0-9]*' | wc -l)" 2
	resize dax0.2 $((size / 2))
}

untouched() # DEVICE: no driver, no memory, its policy
{
	expect "$(driver_of "$1")" none
	all_blocks "$1" absent
	expect "$(policy_of "$1")" default
}

both_ranges_come()
{
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded already"
	reconfigure dax0.0 --online-type=movable --mode=system-ram
	all_blocks dax0.0 "online Movable"
	expect "$(jq -c '.[0] | [.size, .online_memblocks, .total_memblocks]' /tmp/stdout)" \
		"[$((2 * size)),$((2 * size / $(block_bytes))),$((2 * size / $(block_bytes)))]"
}

both_stay_out()
{
	untouched dax0.1
	untouched dax0.2
	expect "$(</sys/bus/dax/drivers_autoprobe)" 1
}

the_neighbour_comes()
{
	reconfigure dax0.1 --online-type=offline --mode=system-ram
	all_blocks dax0.1 offline
	all_blocks dax0.0 "online Movable"
	untouched dax0.2
}

both_ranges_are_forced()
{
	reconfigure dax0.0 --online-type=offline --mode=system-ram --force
	all_blocks dax0.0 offline
	reconfigure dax0.0 --online-type=movable --mode=system-ram --force
	all_blocks dax0.0 "online Movable"
	all_blocks dax0.1 offline
	untouched dax0.2
}

a_stray_of_the_second_range_is_seen()
{
	local last status=0

	last=$(blocks_of dax0.0 | tail -n 1)
	echo offline >"$memory/memory$last/state"
	reconfigure dax0.0 --online-type=movable --mode=system-ram 2>/tmp/stderr || status=$?
	expect "$status" 240
	grep -q "1 of $((2 * size / $(block_bytes))) memory blocks is not in Movable: 1 offline" /tmp/stderr
	echo online_movable >"$memory/memory$last/state"
}

# device_dax_takes_its_kind: true if it is kmem that needs the device's name.
device_dax_takes_its_kind()
{
	grep -qw dax_hmem.region_idle=1 /proc/cmdline
}

# out_is_refused STATUS PATH ERROR: what is first written to PATH on the way to
# devdax mode is refused; all must be as it was.
out_is_refused()
{
	local status=0

	strace -qq -f -o /tmp/trace -e trace=write -P "$2" -e "inject=write:error=$3:when=1" \
		daxctl reconfigure-device --mode=devdax --force dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	grep -q INJECTED /tmp/trace
	expect "$status" "$1"
	expect "$(driver_of dax0.0)" kmem
	grep -qF "dax0.0: its mode is unchanged: system-ram, with the policy 'online_movable'" /tmp/stderr
	all_blocks dax0.0 "online Movable"
	all_blocks dax0.1 offline
	untouched dax0.2
}

stays_whole_when_refused()
{
	local memory_file

	memory_file=$memory/memory$(blocks_of dax0.0 | tail -n 1)/state
	if [[ -e $dax_devices/dax0.0/state ]]; then
		memory_file=$dax_devices/dax0.0/state
	fi
	out_is_refused 240 "$memory_file" EBUSY
	out_is_refused 251 "$dax_drivers/kmem/unbind" EIO
	if device_dax_takes_its_kind; then
		out_is_refused 251 "$dax_drivers/device_dax/bind" EIO
	else
		out_is_refused 251 "$dax_drivers/device_dax/new_id" EIO
	fi
}

both_ranges_become_devdax()
{
	local online

	reconfigure dax0.1 --online-type=movable --mode=system-ram --force
	daxctl reconfigure-device --mode=devdax dax0.0 >/tmp/stdout 2>/tmp/stderr && fail "it needs no --force"
	grep -q "dax0.0: error: 8 of its 8 memory blocks are online" /tmp/stderr
	reconfigure dax0.0 --mode=devdax --force
	expect "$(jq -c '.[0] | [.chardev, .mode, .online_type]' /tmp/stdout)" '["dax0.0","devdax",null]'
	expect "$(driver_of dax0.0)" device_dax
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 absent
	all_blocks dax0.1 "online Movable"
	expect "$(driver_of dax0.1)" kmem
	untouched dax0.2
	# No driver has its name afterwards: it is the one's that takes its kind.
	unbind dax0.0
	echo dax0.0 >/sys/bus/dax/drivers_probe
	if device_dax_takes_its_kind; then
		expect "$(driver_of dax0.0)" device_dax
	else
		online=$(driver_of dax0.0)
		expect "${online/kmem/none}" none
	fi
	reconfigure dax0.0 --online-type=movable --mode=system-ram --force
	reconfigure dax0.1 --online-type=offline --mode=system-ram --force
	all_blocks dax0.0 "online Movable"
	all_blocks dax0.1 offline
}

both_ranges_leave()
{
	take_out dax0.0
	unbind dax0.0
	all_blocks dax0.0 absent
	all_blocks dax0.1 offline
}

# Without an option of ours: bound, and then online whatever its policy is.
both_ranges_come_as_upstream_has_it()
{
	set_policy dax0.0 offline
	reconfigure dax0.0 --mode=system-ram
	expect "$(jq -c '.[0] | [.chardev, .mode, .online_type]' /tmp/stdout)" '["dax0.0","system-ram",null]'
	all_blocks dax0.0 "online Movable"
	all_blocks dax0.1 offline
	untouched dax0.2
	# And in that mode already, what is offline of it comes online.
	echo offline >"$memory/memory$(blocks_of dax0.0 | tail -n 1)/state"
	reconfigure dax0.0 --mode=system-ram
	all_blocks dax0.0 "online Movable"
	all_blocks dax0.1 offline
	reconfigure dax0.0 --mode=devdax --force
	unbind dax0.0
	set_policy dax0.0 online_movable
}

# As where dax0.2 has no policy that would keep its memory offline.
what_is_offline_comes_online()
{
	mount --bind /dev/null "$dax_devices/dax0.2/online_type"
	reconfigure dax0.1 --mode=system-ram
	umount "$dax_devices/dax0.2/online_type"
	expect "$(jq -c '.[0] | [.chardev, .online_memblocks]' /tmp/stdout)" "[\"dax0.1\",$((size / $(block_bytes)))]"
	all_blocks dax0.1 "online Movable"
	untouched dax0.2
	daxctl offline-memory dax0.1
}

# only_dax0.1_is_bound DRIVER: that is what the last command was asked for.
only_dax0.1_is_bound()
{
	expect "$(driver_of dax0.1)" "$1"
	expect "$(driver_of dax0.0)" none
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 absent
	untouched dax0.2
}

# What upstream binds with new_id, which binds every device that the driver can have.
upstream_binds_one()
{
	reconfigure dax0.1 --mode=devdax --force
	unbind dax0.1
	reconfigure dax0.1 --mode=system-ram
	all_blocks dax0.1 "online Movable"
	only_dax0.1_is_bound kmem
	reconfigure dax0.1 --mode=devdax --force
	unbind dax0.1
	reconfigure dax0.1 --mode=system-ram --no-online
	all_blocks dax0.1 offline
	only_dax0.1_is_bound kmem
	reconfigure dax0.1 --mode=devdax --force
	unbind dax0.1
	daxctl enable-device dax0.1
	only_dax0.1_is_bound device_dax
	daxctl destroy-device --force dax0.1
	daxctl create-device -r 0 -s "$size" >/tmp/stdout
	only_dax0.1_is_bound device_dax
}

all_of_the_region()
{
	daxctl reconfigure-device --online-type=movable --mode=system-ram --force -r 0 all >/tmp/stdout
	expect "$(jq -c '[.[].chardev] | sort' /tmp/stdout)" '["dax0.0","dax0.1","dax0.2"]'
	expect "$(jq -c '[.[].online_type] | unique' /tmp/stdout)" '["online_movable"]'
	for device in dax0.0 dax0.1 dax0.2; do
		all_blocks "$device" "online Movable"
	done
}

partition
ok "every block of both ranges comes online, loading kmem" both_ranges_come
ok "neither the neighbour between them nor another sibling is bound by that" both_stay_out
ok "the neighbour can come online under a policy of its own" the_neighbour_comes
ok "--force unplugs both ranges and adds them again, and only them" both_ranges_are_forced
ok "a stray block in the second range is seen" a_stray_of_the_second_range_is_seen
ok "whichever write of the way out is refused, both ranges stay" stays_whole_when_refused
ok "both ranges become a device in devdax mode, and no neighbour notices" both_ranges_become_devdax
ok "both ranges leave, and the neighbour stays" both_ranges_leave
ok "without an option of ours, both ranges come online, and the neighbour stays" both_ranges_come_as_upstream_has_it
ok "without an option of ours, what is offline comes online" what_is_offline_comes_online
ok "what upstream binds, it binds alone" upstream_binds_one
ok "all devices of a region are reconfigured, and all are in the JSON" all_of_the_region
done_testing
