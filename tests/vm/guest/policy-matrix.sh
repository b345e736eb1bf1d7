#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every policy, under the system default that the kernel was booted with
# (memhp_default_state=): every memory block of the device must end in the state
# and zone of the policy, and the device must return to devdax mode.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

default=$1
policies=(default offline online_movable online online_kernel)
if has_unplugged; then
	policies+=(unplugged)
fi

# outcome POLICY: the status of a block on a node that has nothing but dax
# memory, where "online" by itself means a kernel zone.
outcome()
{
	case $1 in
	default) outcome "$default" ;;
	offline) echo offline ;;
	unplugged) echo absent ;;
	online_movable) echo "online Movable" ;;
	online | online_kernel) echo "online Normal" ;;
	esac
}

reaches_system_ram()
{
	local device=$1 policy=$2

	set_policy "$device" "$policy"
	move "$device" kmem
	expect "$(policy_of "$device")" "$policy"
	all_blocks "$device" "$(outcome "$policy")"
}

comes_back_to_devdax()
{
	local device=$1

	take_out "$device"
	move "$device" device_dax
	all_blocks "$device" absent
}

has_the_default_of_the_command_line()
{
	expect "$(system_default)" "$default"
}

# Memory in a kernel zone may not go offline again, so each policy has a device
# of its own.
divide_device "${#policies[@]}" $((DEVICE_BYTES / 8 & -(128 << 20)))
for index in "${!policies[@]}"; do
	move "dax0.$index" device_dax
done
modprobe kmem

ok "the system default is $default" has_the_default_of_the_command_line
for index in "${!policies[@]}"; do
	policy=${policies[index]}
	ok "$policy: devdax -> system-ram: every block $(outcome "$policy")" \
		reaches_system_ram "dax0.$index" "$policy"
	if [[ $(outcome "$policy") != "online Normal" ]]; then
		ok "$policy: system-ram -> devdax: every block gone" comes_back_to_devdax "dax0.$index"
	fi
done
done_testing
