#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The part of tests/vm/struct-pages/compare that runs in the machine: onlines a device in
# each way, and prints what struct_pages.ko has recorded of its struct pages.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

debug=/sys/kernel/debug
[[ -d $debug/dynamic_debug ]] || mount -t debugfs debugfs "$debug"
types=(online_movable online_kernel online)
set_system_default offline
divide_device "${#types[@]}" $((DEVICE_BYTES / ${#types[@]}))
if [[ $(</sys/module/memory_hotplug/parameters/memmap_on_memory) != N ]]; then
	for index in "${!types[@]}"; do
		echo 1 >"$dax_devices/dax0.$index/memmap_on_memory"
	done
fi
modprobe kmem
insmod ./struct_pages.ko
for index in "${!types[@]}"; do
	[[ $(driver_of "dax0.$index") = kmem ]] || move "dax0.$index" kmem
	mapfile -t blocks <<<"$(blocks_of "dax0.$index")"
	for block in "${blocks[@]}"; do
		echo "${types[index]}" >"$memory/memory$block/state"
		read_status "$block"
		printf '%s: block %d is %s\n' "${types[index]}" "$block" "$status"
	done
done
sed 's/^/struct page: /' "$debug/struct_pages"
