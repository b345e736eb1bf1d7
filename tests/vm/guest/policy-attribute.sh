#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The online_type attribute of a dax device: what it accepts and from whom, when
# it is refused, what it means for the next bind, and how long it lasts. And when a device
# may get another mapping. With KEEP_DEVICE in the environment, the device is not destroyed,
# and no other is made beside it.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

attribute=$dax_devices/dax0.0/online_type
policies=(default offline online online_kernel online_movable)
bad=('\n' ' ' nonsense online_mov online_movables movable Online ONLINE_MOVABLE
	' online' 'online ' '\nonline' '\0online' 'online\nonline_movable'
	'online,online_movable' on 0 1 -1 -2 '\0377')
if has_unplugged; then
	policies+=(unplugged)
	bad+=(unplug Unplugged)
else
	bad+=(unplugged)
fi
as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)

# written BYTES [COMMAND...]: writes them (escapes as printf has them) to the
# attribute at once, with the command in front of what does it, and prints what
# write() or open() returned: a count, or the name of an error.
written()
{
	local bytes=$1 trace

	shift
	trace=$("$@" strace -qq -e trace=openat,write -P "$attribute" \
		dd of="$attribute" bs=64k status=none conv=notrunc 2>&1 < <(printf '%b' "$bytes")) ||
		: "the trace tells"
	sed -nE 's/.*(openat|write)\(.* = -1 ([A-Z]+) .*/\2/p; s/.*write\(.* = ([0-9]+)$/\1/p' <<<"$trace"
}

is_default_at_first()
{
	expect "$(policy_of dax0.0)" default
}

has_mode_0644_and_belongs_to_root()
{
	expect "$(stat -c '%a %u:%g' "$attribute")" "644 0:0"
}

accepts()
{
	local policy=$1 ending=$2 length=$3

	expect "$(written "$policy$ending")" $((${#policy} + length))
	expect "$(policy_of dax0.0)" "$policy"
}

refuses()
{
	local error=$1 before

	shift
	before=$(policy_of dax0.0)
	expect "$(written "$@")" "$error"
	expect "$(policy_of dax0.0)" "$before"
}

nobody_reads_it()
{
	expect "$("${as_nobody[@]}" cat "$attribute")" "$(policy_of dax0.0)"
}

binds_as() # POLICY STATUS: with this policy, every block gets this status
{
	set_policy dax0.0 "$1"
	move dax0.0 kmem
	all_blocks dax0.0 "$2"
}

comes_back()
{
	take_out dax0.0
	move dax0.0 device_dax
	all_blocks dax0.0 absent
}

tests_of_values()
{
	local policy text

	ok "a new device starts at default" is_default_at_first
	ok "mode 0644, owned by root" has_mode_0644_and_belongs_to_root
	for policy in "${policies[@]}"; do
		ok "$policy with a newline is accepted" accepts "$policy" '\n' 1
		ok "$policy with a NUL is accepted" accepts "$policy" '\0' 1
		ok "$policy alone is accepted" accepts "$policy" '' 0
	done
	ok "what follows a NUL is ignored" accepts offline '\0garbage' 8

	set_policy dax0.0 offline
	for text in "${bad[@]}"; do
		ok "'$text' is refused with EINVAL, and changes nothing" refuses EINVAL "$text"
	done
	text=$(printf '%04096d' 0)
	ok "4 KiB of zeroes are refused with EINVAL, and change nothing" refuses EINVAL "$text"
	text=$(printf '%-4096s' online_movable)
	ok "a value with whitespace up to 4 KiB is refused likewise" refuses EINVAL "$text"

	ok "an unprivileged user reads it" nobody_reads_it
	ok "an unprivileged user's write is refused with EACCES, and changes nothing" \
		refuses EACCES online "${as_nobody[@]}"
}

tests_while_bound()
{
	local policy

	ok "devdax -> system-ram with offline: every block offline" binds_as offline offline
	for policy in "${policies[@]}"; do
		[[ $policy != offline ]] || continue
		ok "$policy is refused with EBUSY while kmem holds the device" refuses EBUSY "$policy\n"
	done
	ok "an invalid online type is refused with EINVAL even then" refuses EINVAL nonsense
	ok "the same value is accepted while kmem holds the device" accepts offline '\n' 1
	ok "an unprivileged user reads it while kmem holds the device" nobody_reads_it
	ok "system-ram -> devdax: every block gone" comes_back
	ok "another value is accepted while device_dax holds the device" accepts online_movable '\n' 1
}

tests_of_its_life()
{
	set_policy dax0.0 online_movable
	ok "a policy survives the change from device_dax to kmem" rebinds_movable
	ok "system-ram -> devdax: every block gone" comes_back
	ok "a policy survives the change from kmem to device_dax and back" rebinds_movable
	ok "system-ram -> devdax: every block gone" comes_back
	ok "a policy lasts while no driver has the device" lasts_unbound
	if [[ ! ${KEEP_DEVICE:-} ]]; then
		ok "a policy dies with its device" dies_with_the_device
	fi
}

rebinds_movable()
{
	move dax0.0 kmem
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 "online Movable"
}

lasts_unbound()
{
	unbind dax0.0
	expect "$(policy_of dax0.0)" online_movable
	bind dax0.0 device_dax
	expect "$(policy_of dax0.0)" online_movable
}

dies_with_the_device()
{
	unbind dax0.0
	destroy_dax_device
	make_dax_device
	expect "$(policy_of dax0.0)" default
}

tests_of_the_system_default()
{
	# A new device belongs to kmem, if that takes this kind of device by itself.
	if [[ $(driver_of dax0.0) = kmem ]]; then
		comes_back
	fi
	set_policy dax0.0 default
	set_system_default online_movable
	ok "default means the system default at the bind, not at the device's creation" \
		binds_as default "online Movable"
	ok "default is still default after a bind" is_default_at_first
	ok "the system default is refused with EBUSY, although default resolved to it" \
		refuses EBUSY online_movable
	ok "system-ram -> devdax: every block gone" comes_back
	ok "a policy other than default ignores the system default" \
		binds_as offline offline
	set_system_default offline
	ok "a bound device does not follow the system default" all_blocks dax0.0 offline
	ok "system-ram -> devdax: every block gone" comes_back
	ok "default follows the system default back" binds_as default offline
	ok "system-ram -> devdax: every block gone" comes_back
}

state_refuses() # TEXT
{
	local error

	if error=$(LC_ALL=C printf '%s\n' "$1" 2>&1 >"$dax_devices/dax0.0/state"); then
		fail "it was accepted"
	fi
	expect "${error##*: }" "Invalid argument"
	expect "$(<"$dax_devices/dax0.0/state")" unplugged
}

# Later on "state" brings the memory in, and the policy stays what it is.
comes_in_through_state()
{
	echo online_movable >"$dax_devices/dax0.0/state"
	all_blocks dax0.0 "online Movable"
	expect "$(policy_of dax0.0)" unplugged
}

tests_of_unplugged()
{
	local text

	ok "devdax -> system-ram with unplugged: no block" binds_as unplugged absent
	ok "state says unplugged" expect "$(<"$dax_devices/dax0.0/state")" unplugged
	# One parser serves both, but not every policy is a state.
	for text in default offline nonsense ''; do
		ok "state refuses '$text' with EINVAL" state_refuses "$text"
	done
	ok "state brings every block online" comes_in_through_state
	ok "system-ram -> devdax: every block gone" comes_back
	ok "a rebind with unplugged: no block again" binds_as unplugged absent
	ok "system-ram -> devdax without ever having had a block" comes_back
}

tests_of_create()
{
	set_policy dax0.0 online_movable
	unbind dax0.0
	ok "a device made through the region's create starts at default" create_starts_at_default
	ok "and the existing device keeps its policy" expect "$(policy_of dax0.0)" online_movable
}

create_starts_at_default()
{
	divide_device 2 $((512 << 20))
	expect "$(policy_of dax0.1)" default
}

# A driver relies on the ranges that the device had at the bind.
tests_of_mapping()
{
	local policy=offline

	if has_unplugged; then
		policy=unplugged
	fi
	echo 0 >"$dax_devices/dax0.1/size"
	echo dax0.1 >"$(realpath "$dax_devices/dax0.0")/../dax_region/delete"
	set_policy dax0.0 "$policy"
	move dax0.0 kmem
	ok "another mapping is refused with EBUSY while kmem holds the device" mapping_is_refused
	take_out dax0.0
	move dax0.0 device_dax
	ok "another mapping is refused with EBUSY while device_dax holds the device" \
		mapping_is_refused
	unbind dax0.0
	ok "another mapping is accepted while no driver has the device" mapping_is_accepted
}

# write_mapping: adds the memory block behind dax0.0, which is free.
write_mapping()
{
	local end

	end=$(<"$dax_devices/dax0.0/mapping0/end")
	LC_ALL=C printf '%x-%x\n' $((end + 1)) $((end + $(block_bytes))) \
		>"$dax_devices/dax0.0/mapping"
}

mappings()
{
	compgen -G "$dax_devices/dax0.0/mapping[0-9]*" | wc -l
}

mapping_is_refused()
{
	local error

	if error=$(write_mapping 2>&1); then
		fail "it was accepted"
	fi
	expect "${error##*: }" "Device or resource busy"
	expect "$(mappings)" 1
}

mapping_is_accepted()
{
	write_mapping
	expect "$(mappings)" 2
}

tests_of_values
modprobe kmem
move dax0.0 device_dax
tests_while_bound
tests_of_its_life
tests_of_the_system_default
if has_unplugged; then
	tests_of_unplugged
fi
if [[ $MACHINE != pmem && ! ${KEEP_DEVICE:-} ]]; then
	# A pmem region's device cannot be divided.
	tests_of_create
	tests_of_mapping
fi
done_testing
