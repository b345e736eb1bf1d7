#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory is unplugged at the end, in the middle and at the start of a zone, and added
# again, while compaction walks that zone. A kernel whose compaction walks into removed memory does
# not reach the end of this test: a stock 7.3 lasts some seconds.
# usage: kernel-compaction.sh [ROUNDS [REMOVALS]], the latter at the start of a zone

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

rounds=${1:-6}
removals=${2:-12}
devices=(dax0.1 dax0.2 dax0.3)
compacting=(one two)

# compact NAME: compacts until the end, and records how often.
compact()
{
	local times=0

	while [[ ! -e /run/over ]]; do
		echo 1 >"/sys/devices/system/node/node$node/compact"
		times=$((times + 1))
	done
	echo "$times" >"/run/compactions.$1"
}

begin_to_compact()
{
	local name

	rm -f /run/over
	for name in "${compacting[@]}"; do
		compact "$name" &
	done
}

# Not in a test, which is a process of its own.
end_it()
{
	touch /run/over
	wait
}

compaction_went_on()
{
	local name

	for name in "${compacting[@]}"; do
		(($(<"/run/compactions.$name") >= rounds)) || fail "$name: $(<"/run/compactions.$name") times"
	done
}

# out DEVICE: removes its memory blocks. Compaction may use them for a moment.
out()
{
	local attempt

	for ((attempt = 0; attempt < 100; attempt++)); do
		if take_out "$1" 2>/dev/null; then
			break
		fi
	done
	# Without state, they go with the driver.
	if ! has_unplugged; then
		unbind "$1"
	fi
	all_blocks "$1" absent
}

in_again()
{
	if has_unplugged; then
		echo online_movable >"$dax_devices/$1/state"
	else
		bind "$1" kmem
	fi
	all_blocks "$1" "online Movable"
}

unplug_and_plug()
{
	local round device

	for ((round = 0; round < rounds; round++)); do
		for device in "$@"; do
			out "$device"
		done
		for device in "$@"; do
			in_again "$device"
		done
	done
}

# make_small: leaves each device one memory block, and only those of dax0.0 and dax0.1 online.
make_small()
{
	local device

	for device in dax0.0 "${devices[@]}"; do
		out "$device"
		if [[ $(driver_of "$device") = kmem ]]; then
			unbind "$device"
		fi
		echo 0 >"$dax_devices/$device/size"
	done
	for device in dax0.0 "${devices[@]}"; do
		block_bytes >"$dax_devices/$device/size"
	done
	for device in dax0.0 dax0.1; do
		bind "$device" kmem
		all_blocks "$device" "online Movable"
	done
}

# repeat TIMES DEVICE: as fast as it goes. Compaction is in its memory half of the time.
repeat()
{
	local round

	for ((round = 0; round < $1; round++)); do
		out "$2"
		in_again "$2"
	done
}

set_system_default online_movable
node=$(<"$dax_devices/dax0.0/target_node")
divide_device 4 $((DEVICE_BYTES / 4))
modprobe kmem
for device in dax0.0 "${devices[@]}"; do
	if [[ $(driver_of "$device") != kmem ]]; then
		move "$device" kmem
	fi
done
begin_to_compact
ok "memory is removed at the end of a zone that is being compacted" unplug_and_plug dax0.3 dax0.2 dax0.1
ok "memory is removed in the middle of it" unplug_and_plug dax0.1 dax0.2
end_it
ok "compaction ran all the time" compaction_went_on
make_small
begin_to_compact
ok "memory is removed at the start of a small zone, again and again" repeat "$removals" dax0.0
end_it
ok "compaction ran all that time, too" compaction_went_on
done_testing
