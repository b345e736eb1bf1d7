#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device --check-config: every condition finds the device on
# the machine that has it, through the kernel's own sysfs.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

conf=/etc/daxctl.conf.d
mkdir -p "$conf"

config()
{
	cat >"$conf/test.conf"
}

back()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1
	set_policy dax0.0 default
}

finds() # CONDITION
{
	back
	printf '[reconfigure-device test]\n%s\nonline_type = movable\n' "$1" | config
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr ||
		fail "$(</tmp/stderr)"
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 "online Movable"
	expect "$(jq -r '.[0].online_type' /tmp/stdout)" online_movable
}

does_not_find() # CONDITION
{
	back
	printf '[reconfigure-device test]\n%s\nonline-type = movable\n' "$1" | config
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr
	expect "$(cat /tmp/stdout /tmp/stderr)" ""
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "device_dax default"
}

keeps_upstreams()
{
	back
	printf '[reconfigure-device test]\nnvdimm.uuid = %s\nmode = system-ram\n' "$1" | config
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 "online Movable"
	expect "$(policy_of dax0.0)" default
}

# The rules of the command line, for a section.
does_as_typed()
{
	back
	printf '[reconfigure-device test]\ndax.path = *\nmode = system-ram\nonline = false\n' | config
	set_policy dax0.0 online_movable
	status=0
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	expect "$status" 240
	grep -q "its policy 'online_movable' will auto-online memory" /tmp/stderr
	expect "$(driver_of dax0.0)" device_dax
	set_policy dax0.0 offline
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr ||
		fail "$(</tmp/stderr)"
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 offline
}

leaves_unplugged()
{
	printf '[reconfigure-device test]\ndax.path = *\nmode = devdax\n' | config
	echo unplugged >"$dax_devices/dax0.0/state"
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr ||
		fail "$(</tmp/stderr)"
	expect "$(driver_of dax0.0)" device_dax
	expect "$(jq -r '.[0].mode' /tmp/stdout)" devdax
}

path=$(readlink -f "$dax_devices/dax0.0")
ok "dax.resource finds the device" finds "dax.resource = $(<"$dax_devices/dax0.0/resource")"
ok "dax.target_node finds the device" finds "dax.target_node = $(<"$dax_devices/dax0.0/target_node")"
ok "dax.path finds the device" finds "dax.path = ${path%/dax0.0}/dax*"
ok "another address, node or path does not" does_not_find "dax.resource = 0x1000"
ok "all conditions of a section must hold" does_not_find "dax.path = *
dax.target_node = 0"
uuid=$path/../uuid
if [[ -e $uuid ]]; then
	ok "nvdimm.uuid finds the namespace, also with a policy" finds "nvdimm.uuid = $(<"$uuid")"
	ok "an upstream section still works" keeps_upstreams "$(<"$uuid")"
fi
target=$path/../../target0
if [[ -e $target ]]; then
	serial=$(realpath "/sys/bus/cxl/devices/$(<"$target")/..")/uport/serial
	ok "cxl.serial finds the device behind the region" finds "cxl.serial = $(<"$serial")"
	ok "another serial does not" does_not_find "cxl.serial = 0x77"
fi
ok "online = false is refused under a policy that onlines, and keeps memory offline otherwise" \
	does_as_typed
if has_unplugged; then
	ok "mode = devdax works for a device that kmem holds without memory" leaves_unplugged
fi
done_testing
