#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl on a kernel without the attribute: it refuses, or with --allow-fallback corrects
# the memory after the bind. A kernel with the attribute is made to look like one
# without.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

number=$(blocks_of dax0.0 | wc -l)
ram=(--mode=system-ram)
fallback=(--mode=system-ram --allow-fallback)

# An attribute that reads as empty counts as missing.
hide_the_attribute()
{
	if [[ -e $dax_devices/dax0.0/online_type ]]; then
		mount --bind /dev/null "$dax_devices/dax0.0/online_type"
	fi
}

reconfigure() # STATUS ARGUMENT...
{
	local expected=$1 status=0

	shift
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
}

in_devdax()
{
	reconfigure 0 --mode=devdax --force
	expect "$(driver_of dax0.0)" device_dax
}

refuses()
{
	in_devdax
	reconfigure 161 --online-type=movable "${ram[@]}"
	grep -q "this kernel has no online_type attribute" /tmp/stderr
	grep -q -e --allow-fallback /tmp/stderr
	expect "$(driver_of dax0.0)" device_dax
	reconfigure 161 --online-type=movable --allow-fallback
	reconfigure 161 --online-type=movable
}

lists_nothing_new()
{
	in_devdax
	expect "$(daxctl list)" "$(/usr/bin/daxctl list)"
	reconfigure 0 --online-type=movable "${fallback[@]}"
	expect "$(daxctl list)" "$(/usr/bin/daxctl list)"
	expect "$(daxctl list -DRM -u)" "$(/usr/bin/daxctl list -DRM -u)"
}

falls_back() # SYSTEM-DEFAULT TYPE STATUS HOW
{
	in_devdax
	set_system_default "$1"
	reconfigure 0 --online-type="$2" "${fallback[@]}"
	expect "$(block_summary dax0.0)" "$number $3"
	grep -q "^dax0.0: without a policy of its own: $4" /tmp/stderr || fail "$(</tmp/stderr)"
	expect "$(jq -c '.[0] | [.mode, .online_type]' /tmp/stdout)" '["system-ram",null]'
}

forces()
{
	in_devdax
	set_system_default online_movable
	reconfigure 0 --online-type=movable "${fallback[@]}"
	reconfigure 240 --online-type=offline "${fallback[@]}"
	expect "$(block_summary dax0.0)" "$number online Movable"
	reconfigure 0 --online-type=offline --force "${fallback[@]}"
	expect "$(block_summary dax0.0)" "$number offline"
	reconfigure 0 --online-type=movable --force "${fallback[@]}"
	expect "$(block_summary dax0.0)" "$number online Movable"
}

goes_back_when_it_cannot()
{
	in_devdax
	set_system_default online_movable
	strace -qq -o /tmp/trace -P "$memory/memory$(blocks_of dax0.0 | sed -n 2p)/state" -e trace=write \
		-e inject=write:error=EBUSY:when=1 \
		daxctl reconfigure-device --online-type=offline "${fallback[@]}" dax0.0 2>/tmp/stderr &&
		fail "it succeeded"
	grep -q INJECTED /tmp/trace
	expect "$(driver_of dax0.0)" device_dax
	expect "$(block_summary dax0.0)" "$number absent"
	grep -q "its mode is unchanged: devdax" /tmp/stderr
}

# There is nothing to hold the device with.
cannot_unplug()
{
	in_devdax
	set_system_default online_movable
	reconfigure 161 --online-type=unplugged "${fallback[@]}"
	grep -q "this kernel cannot hold a device without its memory" /tmp/stderr
	grep -q "its mode is unchanged: devdax" /tmp/stderr
	expect "$(driver_of dax0.0)" device_dax
	expect "$(block_summary dax0.0)" "$number absent"
}

way="block by block"
if has_unplugged; then
	way="through its state attribute"
fi
hide_the_attribute
ok "a policy is refused, with what to do" refuses
ok "the list is upstream's" lists_nothing_new
ok "the system default may be right already" falls_back online_movable movable "online Movable" "the system's default was right"
ok "the memory is corrected $way" falls_back offline movable "online Movable" "$way"
ok "offline is reached block by block" falls_back online_movable offline offline "block by block"
if has_unplugged; then
	ok "unplugged is reached through state" falls_back online_movable unplugged absent "$way"
else
	ok "unplugged is refused without state, and nothing changes" cannot_unplug
fi
ok "--force moves online memory" forces
ok "a block that cannot follow rolls everything back" goes_back_when_it_cannot
# This memory may not go offline again.
ok "a kernel zone is reached $way" falls_back offline online_kernel "online Normal" "$way"
done_testing
