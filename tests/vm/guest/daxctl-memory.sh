#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# online-memory, offline-memory and destroy-device: a device of two ranges, with a
# neighbour between them whose memory is online too. What is asked of one device
# happens to all of its memory or to none, and to nobody else's.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

region=$(readlink -f "$dax_devices/dax0.0")/../dax_region
size=$((512 << 20))
number=$((2 * size / $(block_bytes)))

# run STATUS COMMAND ARGUMENT...: a command of daxctl, whose status has to be that.
run()
{
	local wanted=$1 status=0

	shift
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$wanted" ]] || fail "status $status, not $wanted: $(</tmp/stderr)"
}

# refusing FILE ERROR STATUS COMMAND...: run, with the first write to FILE refused.
refusing()
{
	local file=$1 error=$2 wanted=$3 status=0

	shift 3
	strace -qq -f -o /tmp/trace -e trace=write -P "$file" -e "inject=write:error=$error:when=1" \
		daxctl "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	grep -q INJECTED /tmp/trace || fail "nothing was written to $file"
	[[ $status = "$wanted" ]] || fail "status $status, not $wanted: $(</tmp/stderr)"
}

says()
{
	grep -qxF -- "$1" /tmp/stderr || fail "no line '$1' in: $(</tmp/stderr)"
}

last_block()
{
	printf '%s/memory%d/state\n' "$memory" "$(blocks_of "$1" | tail -n 1)"
}

begin()
{
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	echo "$size" >"$dax_devices/dax0.0/size"
	echo 1 >"$region/create"
	if [[ $(driver_of dax0.1) != none ]]; then
		unbind dax0.1
	fi
	echo "$size" >"$dax_devices/dax0.1/size"
	echo $((2 * size)) >"$dax_devices/dax0.0/size"
	expect "$(find "$dax_devices/dax0.0/" -maxdepth 1 -name 'mapping[0-9]*' | wc -l)" 2
	run 0 reconfigure-device --mode=system-ram --online-type=movable dax0.0 dax0.1
}

goes_offline()
{
	run 0 offline-memory dax0.0
	says "offlined memory for 1 device"
	expect "$(</tmp/stdout)" ""
	all_blocks dax0.0 offline
	all_blocks dax0.1 "online Movable"
}

is_offline_already()
{
	run 1 offline-memory dax0.0
	says "dax0.0: all memory sections ($number) already offline"
	says "offlined memory for 0 devices"
}

comes_online()
{
	run 0 online-memory dax0.0
	says "onlined memory for 1 device"
	all_blocks dax0.0 "online Movable"
	run 1 online-memory dax0.0
	says "dax0.0: all memory sections ($number) already online"
}

is_created_with_a_policy()
{
	run 0 create-device -r 0 --size="$size" --online-type=movable
	says "created 1 device"
	expect "$(jq -c '.[0] | [.chardev, .mode, .online_type]' /tmp/stdout)" '["dax0.1","devdax","online_movable"]'
	expect "$(policy_of dax0.1)" online_movable
	run 0 destroy-device --force dax0.1
	run 0 create-device --size="$size" --mode=system-ram --online-type=movable
	expect "$(jq -c '.[0] | [.chardev, .mode, .online_type]' /tmp/stdout)" '["dax0.1","system-ram","online_movable"]'
	all_blocks dax0.1 "online Movable"
	run 0 destroy-device --force dax0.1
}

# Another process waits for the lock, as the systemd unit does, while daxctl is delayed
# before it writes the policy.
is_seen_with_its_policy_only()
{
	local device=$dax_devices/dax0.1

	{
		until [[ -e $device/size && $(<"$device/size") != 0 ]]; do
			sleep 0.1
		done
		flock 9
		cat "$device/online_type" >/tmp/seen
	} 9>/sys/bus/dax/drivers_probe &
	strace -qq -o /tmp/trace -P "$device/online_type" -e trace=openat -e inject=openat:delay_enter=1000000 \
		daxctl create-device -r 0 --size="$size" --online-type=movable >/tmp/stdout
	wait $!
	run 0 destroy-device --force dax0.1
	grep -q DELAYED /tmp/trace || fail "daxctl was not delayed: $(</tmp/trace)"
	expect "$(</tmp/seen)" online_movable
}

is_not_created_without_its_policy()
{
	refusing "$(readlink -f "$region/..")/dax0.1/online_type" EIO 251 create-device -r 0 --size="$size" --online-type=movable
	says "dax0.1: it is destroyed again"
	says "created 0 devices"
	expect "$(<"$region/available_size")" $(($(<"$region/size") - 2 * size))
	run 129 create-device -r 0 --size="$size" --online-type=nonsense
	expect "$(<"$region/available_size")" $(($(<"$region/size") - 2 * size))
}

# The rest of what was online to begin with stays where it was.
comes_online_in_a_kernel_zone()
{
	run 0 offline-memory all
	echo online_kernel >"$memory/memory$(first_block dax0.0)/state"
	run 0 online-memory --no-movable dax0.0
	says "dax0.0: 1 memory section already online"
	all_blocks dax0.0 "online Normal"
}

all_or_nothing()
{
	refusing "$(last_block dax0.0)" EBUSY 240 offline-memory dax0.0
	says "error offlining memory: Device or resource busy"
	says "offlined memory for 0 devices"
	all_blocks dax0.0 "online Movable"
	run 0 offline-memory dax0.0
	refusing "$(last_block dax0.0)" EIO 251 online-memory dax0.0
	all_blocks dax0.0 offline
	all_blocks dax0.1 "online Movable"
	run 0 online-memory dax0.0
}

all_is_all_that_has_memory()
{
	run 0 offline-memory all
	says "offlined memory for 2 devices"
	all_blocks dax0.0 offline
	all_blocks dax0.1 offline
	run 0 online-memory -r 0 all
	says "onlined memory for 2 devices"
	all_blocks dax0.1 "online Movable"
}

is_upstreams_without_memory()
{
	local status=0 text

	run 0 reconfigure-device --mode=devdax --force dax0.1
	text=$(/usr/bin/daxctl offline-memory dax0.1 2>&1) || status=$?
	run "$status" offline-memory dax0.1
	expect "$(</tmp/stderr)" "$text"
	run 0 reconfigure-device --mode=system-ram --online-type=movable dax0.1
}

is_not_destroyed_without_force()
{
	run 250 destroy-device dax0.1
	all_blocks dax0.1 "online Movable"
}

is_not_destroyed_while_in_use()
{
	local file

	file=$(last_block dax0.1)
	if [[ -e $dax_devices/dax0.1/state ]]; then
		file=$dax_devices/dax0.1/state
	fi
	refusing "$file" EBUSY 240 destroy-device --force dax0.1
	says "error destroying devices: Device or resource busy"
	says "destroyed 0 devices"
	expect "$(driver_of dax0.1)" kmem
	all_blocks dax0.1 "online Movable"
	all_blocks dax0.0 "online Movable"
}

# Upstream daxctl is what writes there, and its error is another one.
is_back_if_its_size_stays()
{
	refusing "$dax_devices/dax0.1/size" EBUSY 250 destroy-device --force dax0.1
	says "destroyed 0 devices"
	says "dax0.1: error: /usr/bin/daxctl did not destroy it"
	says "dax0.1: its mode is unchanged: system-ram, with the policy '$(policy_of dax0.1)'"
	expect "$(driver_of dax0.1)" kmem
	all_blocks dax0.1 "online Movable"
	all_blocks dax0.0 "online Movable"
}

is_destroyed()
{
	local blocks block

	blocks=$(blocks_of dax0.1)
	run 0 destroy-device --force dax0.1
	says "destroyed 1 device"
	[[ ! -e $dax_devices/dax0.1 ]] || fail "it is still there"
	for block in $blocks; do
		expect "$(block_status "$block")" absent
	done
	all_blocks dax0.0 "online Movable"
	if dmesg | grep "stuck online"; then
		fail "memory is lost"
	fi
	expect "$(<"$region/available_size")" $(($(<"$region/size") - 2 * size))
}

begin
ok "offline-memory offlines both ranges of a device, and not the neighbour" goes_offline
ok "offline-memory of what is offline already says so, as upstream" is_offline_already
ok "online-memory puts both ranges online in Movable" comes_online
ok "a block that is refused leaves all of the memory as it was" all_or_nothing
ok "all means every device that has memory" all_is_all_that_has_memory
ok "a device without memory is upstream's" is_upstreams_without_memory
ok "a device that is in use is not destroyed without --force" is_not_destroyed_without_force
ok "a device whose memory does not come out is not destroyed" is_not_destroyed_while_in_use
ok "a device that upstream does not destroy is in system-ram mode again" is_back_if_its_size_stays
ok "a device is destroyed when its memory is out" is_destroyed
ok "a device is created with a policy, and with its memory under it" is_created_with_a_policy
ok "a created device has its policy before another daxctl sees it" is_seen_with_its_policy_only
ok "a device that cannot have its policy is destroyed again" is_not_created_without_its_policy
# What is in a kernel zone may never come out again: this comes last.
ok "online-memory --no-movable puts it into a kernel zone" comes_online_in_a_kernel_zone
done_testing
