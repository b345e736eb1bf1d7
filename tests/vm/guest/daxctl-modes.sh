#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl between famfs mode (Linux 7.3) and system-ram, and from a device that kmem
# holds without memory to a mode that the distribution's daxctl then fails to set.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

number=$(blocks_of dax0.0 | wc -l)
movable=(--online-type=movable --mode=system-ram)

situation()
{
	printf '%s with %s: %s\n' "$(driver_of dax0.0)" "$(policy_of dax0.0)" "$(block_summary dax0.0)"
}

reconfigure() # STATUS ARGUMENT...
{
	local expected=$1 status=0

	shift
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
}

says()
{
	grep -qF -e "$1" /tmp/stderr || fail "it does not say '$1' but: $(</tmp/stderr)"
}

in_famfs()
{
	reconfigure 0 --mode=devdax --force
	set_policy dax0.0 default
	move dax0.0 fsdev_dax
}

leaves_famfs()
{
	in_famfs
	reconfigure 0 "${movable[@]}"
	expect "$(situation)" "kmem with online_movable: $number online Movable"
	expect "$(jq -r '.[0].mode' /tmp/stdout)" system-ram
}

announces_it()
{
	in_famfs
	reconfigure 0 "${movable[@]}" --dry-run
	says 'dax0.0: write "dax0.0" to /sys/bus/dax/drivers/fsdev_dax/unbind'
	expect "$(driver_of dax0.0)" fsdev_dax
}

stays_in_famfs()
{
	local status=0

	in_famfs
	strace -qq -f -o /tmp/trace -P "$dax_drivers/kmem/bind" -e trace=write -e inject=write:error=ENOMEM \
		daxctl reconfigure-device "${movable[@]}" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	grep -q INJECTED /tmp/trace
	expect "$status" 244
	expect "$(situation)" "fsdev_dax with default: $number absent"
	says "dax0.0: its mode is unchanged: famfs, with the policy 'default'"
}

policy_alone_in_famfs()
{
	in_famfs
	reconfigure 0 --online-type=movable
	expect "$(situation)" "fsdev_dax with online_movable: $number absent"
}

# The version of libdaxctl does not matter, and the kernel does.
becomes_famfs()
{
	reconfigure 0 --mode=devdax --force
	reconfigure 0 --mode=famfs
	expect "$(jq -r '.[0].mode' /tmp/stdout)" famfs
	expect "$(driver_of dax0.0)" fsdev_dax
	expect "$(daxctl list --dev=dax0.0 | jq -r '.[0].mode')" famfs
	reconfigure 0 --mode=devdax
	expect "$(driver_of dax0.0)" device_dax
	reconfigure 0 "${movable[@]}"
	reconfigure 240 --mode=famfs
	expect "$(situation)" "kmem with online_movable: $number online Movable"
	reconfigure 0 --mode=famfs --force
	expect "$(situation)" "fsdev_dax with online_movable: $number absent"
	unbind dax0.0
	reconfigure 0 --mode=famfs
	expect "$(driver_of dax0.0)" fsdev_dax
}

is_no_mode_of_this_kernel()
{
	reconfigure 0 --mode=devdax --force
	reconfigure 254 --mode=famfs
	says "dax0.0: error: cannot load the module fsdev_dax: No such file or directory"
	expect "$(driver_of dax0.0)" device_dax
}

unplugged()
{
	reconfigure 0 "${movable[@]}" --force
	take_out dax0.0
	expect "$(situation)" "kmem with online_movable: $number absent"
}

goes_back_to_unplugged()
{
	unplugged
	strace -qq -f -o /tmp/trace -P "$dax_drivers/device_dax/bind" -P "$dax_drivers/device_dax/new_id" \
		-e trace=write -e inject=write:error=EIO \
		daxctl reconfigure-device --mode=devdax dax0.0 >/tmp/stdout 2>/tmp/stderr &&
		fail "it succeeded"
	grep -q INJECTED /tmp/trace
	says "dax0.0: its mode is unchanged: system-ram, with the policy 'online_movable'"
	expect "$(situation)" "kmem with online_movable: $number absent"
	expect "$(<"$dax_devices/dax0.0/state")" unplugged
}

# children_of PROCESS: prints their numbers.
children_of()
{
	awk -v parent="$1" '$4 == parent { print $1 }' /proc/[0-9]*/stat
}

# The process that waits for the distribution's daxctl is told to end.
goes_back_after_a_signal()
{
	local status=0 child attempt

	unplugged
	strace -qq -f -o /tmp/trace -P "$dax_drivers/device_dax/new_id" -P "$dax_drivers/device_dax/bind" \
		-e trace=write -e inject=write:error=EIO:delay_enter=5000000 \
		daxctl reconfigure-device --mode=devdax dax0.0 >/tmp/stdout 2>/tmp/stderr &
	child=$!
	for ((attempt = 0; attempt < 600; attempt++)); do
		if [[ $(driver_of dax0.0) = none ]]; then
			break
		fi
		sleep 0.1
	done
	# Now it waits for the distribution's, which waits before it binds.
	sleep 1
	expect "$(driver_of dax0.0)" none
	# The one that strace has started is ours.
	kill -TERM "$(children_of "$child")"
	wait "$child" || status=$?
	expect "$status" 143
	expect "$(situation)" "kmem with online_movable: $number absent"
}

# 7.3 has that driver.
if has_unplugged; then
	ok "a device becomes famfs, on every libdaxctl" becomes_famfs
	ok "a device in famfs mode becomes system RAM" leaves_famfs
	ok "a dry run says that it leaves that driver" announces_it
	ok "a device in famfs mode stays there if kmem does not take it" stays_in_famfs
	ok "a device in famfs mode can have its policy set" policy_alone_in_famfs
	ok "without memory, a device that cannot be bound to another driver stays with kmem" goes_back_to_unplugged
	ok "without memory, a device stays with kmem if a signal ends the command" goes_back_after_a_signal
else
	ok "famfs is refused where the kernel does not know it" is_no_mode_of_this_kernel
fi
done_testing
