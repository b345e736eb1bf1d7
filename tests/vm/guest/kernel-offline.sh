#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory goes offline while it holds data: the kernel skips free pages many at a time,
# and must not miss a used page between them.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

files=/tmp/files
node=$(<"$dax_devices/dax0.0/target_node")
page_bytes=$(awk '$1 == "KernelPageSize:" { print $2 * 1024; exit }' /proc/self/smaps)

# in_use: prints the KiB in use in ZONE_MOVABLE of the device's node.
in_use()
{
	awk -v node="$node," -v page="$page_bytes" '
		$1 == "Node" { here = $2 == node && $4 == "Movable" }
		here && $1 == "pages" { free = $3 }
		here && $1 == "managed" { print ($2 - free) * page / 1024 }' /proc/zoneinfo
}

checksum()
{
	cat "$files"/* | md5sum
}

plug_in()
{
	local block

	if [[ -e $dax_devices/dax0.0/state ]]; then
		echo online_movable >"$dax_devices/dax0.0/state"
	else
		for block in $(blocks_of dax0.0); do
			echo online_movable >"$memory/memory$block/state"
		done
	fi
	all_blocks dax0.0 "online Movable"
}

# fill KIB COUNT: makes so many files of that size, all on the device's node, no two
# with the same contents.
fill()
{
	local before number

	before=$(in_use)
	mkdir "$files"
	mount -t tmpfs -o "mpol=bind:$node" files "$files"
	for ((number = 0; number < $2; number++)); do
		printf "%$(($1 << 10))d" "$number" >"$files/$number"
	done
	# Nearly: the pages that a processor keeps for itself are in use all the time.
	(($(in_use) - before >= $1 * $2 * 9 / 10)) || fail "$(in_use) KiB are in use, $before were before"
}

# thin_out: removes every second file, so that free pages are between used ones.
thin_out()
{
	local names=("$files"/*) index

	for ((index = 0; index < ${#names[@]}; index += 2)); do
		unset "names[index]"
	done
	rm "${names[@]}"
}

clear_files()
{
	umount "$files"
	rmdir "$files"
}

# survives KIB COUNT
survives()
{
	local before

	plug_in
	fill "$@"
	thin_out
	before=$(checksum)
	mount -o remount,mpol=default "$files"
	take_out dax0.0
	[[ $(block_summary dax0.0) != *online* ]] || fail "$(block_summary dax0.0)"
	expect "$(checksum)" "$before"
	clear_files
}

comes_and_goes()
{
	plug_in
	take_out dax0.0
	plug_in
	take_out dax0.0
}

set_policy dax0.0 online_movable
modprobe kmem
if [[ $(driver_of dax0.0) != kmem ]]; then
	move dax0.0 kmem
fi
take_out dax0.0
ok "single pages between free ones" survives 4 2048
ok "pages in twos between free ones" survives 8 1024
ok "64 KiB between free ones" survives 64 256
ok "runs larger than the largest free page" survives 6144 8
ok "all of it free" comes_and_goes
done_testing
