#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The online_type parameter of dax_cxl or dax_hmem, whichever creates the machine's
# dax device: what it accepts, which devices start with it, and that they do so
# before kmem binds. dax_pmem has none, as kmem does not bind its devices by itself.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

module=dax_$MACHINE
parameter=/sys/module/$module/parameters/online_type

set_parameter()
{
	echo "$1" >"$parameter"
	expect "$(<"$parameter")" "$1"
}

refuses()
{
	local before

	before=$(<"$parameter")
	if echo "$1" 2>/dev/null >"$parameter"; then
		fail "it was accepted"
	fi
	expect "$(<"$parameter")" "$before"
}

# remake: has its driver create the device again.
remake()
{
	if [[ $(driver_of dax0.0) = kmem ]]; then
		take_out dax0.0
	fi
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	destroy_dax_device
	make_dax_device
	# It appears last: by then, kmem has bound the device.
	wait_for "$dax_devices/dax0.0/mapping0" >/dev/null
}

old_device_keeps_its_policy()
{
	set_parameter online_movable
	expect "$(policy_of dax0.0)" default
}

new_device_starts_with() # POLICY
{
	set_parameter "$1"
	remake
	expect "$(policy_of dax0.0)" "$1"
}

# With kmem loaded, the device is bound under its policy when it appears.
bound_as() # POLICY STATUS
{
	new_device_starts_with "$1"
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 "$2"
}

created_starts_at_default()
{
	set_parameter offline
	remake
	take_out dax0.0
	unbind dax0.0
	divide_device 2 $((512 << 20))
	expect "$(policy_of dax0.1)" default
}

is_root_only()
{
	expect "$(stat -c '%a %u:%g' "$parameter")" "644 0:0"
}

modprobe_refuses_nonsense()
{
	if modprobe "$module" online_type=nonsense 2>/dev/null; then
		fail "$module was loaded"
	fi
	[[ ! -d /sys/module/$module ]] || fail "$module is there"
}

policies=(default offline online online_kernel online_movable)
bad=('' ' ' nonsense Online online_mov 'online_movable ' 0 -1)
if [[ -e $dax_devices/dax0.0/state ]] || grep -q ' 7\.' /proc/version; then
	policies+=(unplugged)
else
	bad+=(unplugged)
fi

ok "$module starts with default" expect "$(<"$parameter")" default
ok "mode 0644, owned by root" is_root_only
for policy in "${policies[@]}"; do
	ok "$policy is accepted" set_parameter "$policy"
done
for value in "${bad[@]}"; do
	ok "'$value' is refused, and changes nothing" refuses "$value"
done

ok "an existing device keeps its policy" old_device_keeps_its_policy
for policy in "${policies[@]}"; do
	ok "a new device starts with $policy" new_device_starts_with "$policy"
done

set_system_default offline
set_parameter default
modprobe kmem
remake
ok "kmem onlines a new device as the parameter says" bound_as online_movable "online Movable"
ok "kmem leaves another one offline" bound_as offline offline
set_system_default online_movable
ok "kmem onlines another one as the system default says" bound_as default "online Movable"
if [[ " ${policies[*]} " = *" unplugged "* ]]; then
	ok "kmem adds no memory of another one" bound_as unplugged absent
fi
ok "a device made through the region's create starts at default" created_starts_at_default

if [[ $MACHINE = hmem ]]; then
	# The only driver that its devices do not keep loaded.
	remake
	take_out dax0.0
	unbind dax0.0
	destroy_dax_device
	modprobe -r "$module"
	ok "modprobe refuses an invalid online type" modprobe_refuses_nonsense
	modprobe "$module" online_type=offline
	ok "modprobe accepts a policy" expect "$(<"$parameter")" offline
fi
done_testing
