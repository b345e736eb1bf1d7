#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory blocks that are onlined and offlined in every order that leaves holes in
# their zone, fills them, and removes from the middle and both ends. A kernel with
# CONFIG_DEBUG_ZONE_CONTIGUOUS checks at each step that what it remembers of the
# zone is true; on any kernel, the memory must still be usable at the end.
#
# Lists come from <<<"$(...)", which waits for its process. The process of < <(...) may
# still be ending: its SIGCHLD would interrupt the offlining that follows (EINTR).

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# online BLOCK... and offline BLOCK..., one after the other.
online()
{
	local block

	for block; do
		echo online_movable >"$memory/memory$block/state"
		expect "$(block_status "$block")" "online Movable"
	done
}

offline()
{
	local block

	for block; do
		echo offline >"$memory/memory$block/state"
		expect "$(block_status "$block")" offline
	done
}

reversed()
{
	printf '%s\n' "$@" | tac
}

# shuffled SEED BLOCK...: the same order for the same seed.
shuffled()
{
	local block
	RANDOM=$1

	shift
	for block; do
		printf '%05d %d\n' "$RANDOM" "$block"
	done | sort | cut -d ' ' -f 2
}

# every_second FIRST BLOCK...
every_second()
{
	local index

	for ((index = $1 + 1; index <= $# - 1; index += 2)); do
		printf '%s\n' "${@:index+1:1}"
	done
}

ascending_and_back()
{
	online "${blocks[@]}"
	offline "${blocks[@]}"
}

descending_and_back()
{
	mapfile -t reversed <<<"$(reversed "${blocks[@]}")"
	online "${reversed[@]}"
	offline "${reversed[@]}"
}

ends_alternately()
{
	online "${blocks[@]}"
	mapfile -t reversed <<<"$(reversed "${blocks[@]}")"
	for index in "${!blocks[@]}"; do
		((index < ${#blocks[@]} / 2)) || break
		offline "${blocks[index]}" "${reversed[index]}"
	done
	online "${blocks[@]:0:${#blocks[@]}/2}"
	online "${blocks[@]:${#blocks[@]}/2}"
	offline "${blocks[@]}"
}

holes_that_fill_up()
{
	local -a even odd

	mapfile -t even <<<"$(every_second 1 "${blocks[@]}")"
	mapfile -t odd <<<"$(every_second 2 "${blocks[@]}")"
	online "${even[@]}"
	online "${odd[@]}"
	offline "${odd[@]}"
	offline "${even[@]}"
	mapfile -t even <<<"$(reversed "${even[@]}")"
	online "${odd[@]}" "${even[@]}"
	offline "${even[@]}" "${odd[@]}"
}

middle_out_and_in()
{
	local -a middle=("${blocks[@]:${#blocks[@]}/3:${#blocks[@]}/3}")

	online "${blocks[@]}"
	offline "${middle[@]}"
	online "${middle[@]}"
	mapfile -t middle <<<"$(reversed "${middle[@]}")"
	offline "${middle[@]}"
	online "${middle[@]}"
	offline "${blocks[@]}"
}

in_random_order()
{
	local order

	mapfile -t order <<<"$(shuffled "$1" "${blocks[@]}")"
	online "${order[@]}"
	mapfile -t order <<<"$(shuffled "${1}0" "${blocks[@]}")"
	offline "${order[@]:0:${#blocks[@]}/2}"
	online "${order[@]:0:${#blocks[@]}/2}"
	offline "${blocks[@]}"
}

two_zones_in_turn()
{
	local index

	for ((index = 0; index + 1 < ${#blocks[@]} / 2; index += 2)); do
		online "${blocks[index]}"
		echo online_kernel >"$memory/memory${blocks[-1 - index]}/state"
	done
	for ((index = 0; index + 1 < ${#blocks[@]} / 2; index += 2)); do
		offline "${blocks[index]}"
	done
}

# The zone's memory, allocated, written, and compacted by the kernel.
memory_is_usable()
{
	local node

	online "${blocks[@]}"
	node=$(<"$dax_devices/dax0.0/target_node")
	numactl --membind="$node" dd if=/dev/zero of=/tmp/on_it bs=1M count=64 2>/dev/null
	echo 1 >/proc/sys/vm/compact_memory
	rm /tmp/on_it
	offline "${blocks[@]}"
}

set_system_default offline
# If the kernel allows it, the memmap is on the memory itself. A block then
# enters and leaves its zone in two steps.
if [[ $(</sys/module/memory_hotplug/parameters/memmap_on_memory) != N ]]; then
	echo 1 >"$dax_devices/dax0.0/memmap_on_memory"
fi
modprobe kmem
if [[ $(driver_of dax0.0) != kmem ]]; then
	move dax0.0 kmem
fi
mapfile -t blocks <<<"$(blocks_of dax0.0)"
ok "the device has enough blocks to try" test "${#blocks[@]}" -ge 8
ok "ascending, and back" ascending_and_back
ok "descending, and back" descending_and_back
ok "from both ends" ends_alternately
ok "every second block, then the others" holes_that_fill_up
ok "offline in the middle, and online again" middle_out_and_in
for seed in 1 2 3; do
	ok "in random order ($seed)" in_random_order "$seed"
done
ok "the memory can be used and compacted" memory_is_usable
take_out dax0.0
unbind dax0.0
set_policy dax0.0 online_movable
bind dax0.0 kmem
ok "all of it at once, at the bind" all_blocks dax0.0 "online Movable"
take_out dax0.0
unbind dax0.0
set_policy dax0.0 offline
bind dax0.0 kmem
# Last, as memory in a kernel zone may not go offline again.
ok "two zones of the node in turn" two_zones_in_turn
done_testing
