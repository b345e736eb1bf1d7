#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The example for tmpfiles.d, with the distribution's systemd-tmpfiles. Wants contrib/ in
# the working directory.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

example=contrib/tmpfiles.d/dax-online-type-tmpfiles.example.conf
conf=/etc/tmpfiles.d/dax-online-type.conf

# create STATUS: as systemd-tmpfiles-setup.service does it; what it says is in $output.
create()
{
	local status=0

	output=$(systemd-tmpfiles --create --boot 2>&1) || status=$?
	[[ $status = "$1" ]] || fail "exit status $status: $output"
}

reaches_persistent_memory_only()
{
	local expected=default

	[[ $MACHINE != pmem ]] || expected=online_movable
	cp "$example" "$conf"
	set_policy dax0.0 default
	create 0
	expect "$output" ""
	expect "$(policy_of dax0.0)" "$expected"
}

# The first that is commented out.
reaches_soft_reserved_memory()
{
	local expected=default

	[[ $MACHINE != hmem ]] || expected=online_kernel
	sed -n 's,^#\(w- .*hmem.*\),\1,p' "$example" >"$conf"
	[[ -s $conf ]]
	set_policy dax0.0 default
	create 0
	expect "$output" ""
	expect "$(policy_of dax0.0)" "$expected"
}

reaches_a_device_by_its_name()
{
	sed -n 's,^#\(w- .*dax0.*\),\1,p' "$example" >"$conf"
	[[ -s $conf ]]
	set_policy dax0.0 default
	create 0
	expect "$output" ""
	expect "$(policy_of dax0.0)" online_movable
}

is_followed_by_kmem()
{
	move dax0.0 kmem
	all_blocks dax0.0 "online Movable"
}

may_say_the_same_to_bound_memory()
{
	create 0
	expect "$output" ""
	all_blocks dax0.0 "online Movable"
}

# says_so_and_goes_on VALUE REASON
says_so_and_goes_on()
{
	local after=/tmp/after

	rm -f "$after"
	sed -i "s/[^ ]*\$/$1/" "$conf"
	printf 'f %s\n' "$after" >"${conf%.conf}-after.conf"
	create 0
	rm "${conf%.conf}-after.conf"
	[[ $output = *"/sys/bus/dax/devices/dax0.0/online_type"*"$2"* ]] || fail "it says: $output"
	[[ -e $after ]] || fail "it has not gone on"
	expect "$(policy_of dax0.0)" online_movable
}

mkdir -p "${conf%/*}"
set_system_default offline
modprobe kmem
if [[ $(driver_of dax0.0) = kmem ]]; then
	take_out dax0.0
	unbind dax0.0
fi
ok "as it is, it is for persistent memory, and no error elsewhere" reaches_persistent_memory_only
ok "the line for soft-reserved memory reaches that, and no other" reaches_soft_reserved_memory
ok "a device is reached by its name" reaches_a_device_by_its_name
ok "kmem follows the policy" is_followed_by_kmem
ok "the same policy again is no error while kmem has the device" may_say_the_same_to_bound_memory
ok "another is, which is told, and the next line is done" says_so_and_goes_on offline "Device or resource busy"
ok "so is a misspelled one" says_so_and_goes_on movabel "Invalid argument"
done_testing
