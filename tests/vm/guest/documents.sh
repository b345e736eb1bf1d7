#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the documentation tells an administrator to type and to write, taken from there:
# each code block has a name. Wants guide.md, faq.md and abi.md in the working directory.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

conf=/etc/daxctl.conf.d/online-type.conf
driver=dax_$MACHINE

# block NAME: prints that code block.
block()
{
	local text

	text=$(awk -v name="$1" '
		/^```/ { inside = $2 == name; next }
		inside { print }' guide.md faq.md abi.md)
	[[ $text ]] || fail "no code block is called $1"
	printf '%s\n' "$text"
}

# type_in NAME: runs that code block as a person would who stops at an error.
type_in()
{
	local commands

	commands=$(block "$1")
	bash -euc "$commands"
}

situation()
{
	printf '%s with %s\n' "$(driver_of dax0.0)" "$(policy_of dax0.0)"
}

# start_over: no driver, no memory, no policy, and kmem not loaded.
start_over()
{
	rm -f "$conf" /etc/modprobe.d/documents.conf
	if [[ $(driver_of dax0.0) = kmem ]]; then
		take_out dax0.0
	fi
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	if [[ -e $dax_drivers/kmem ]]; then
		rmmod kmem
	fi
	# After a boot no driver has been told the name of a device.
	rmmod device_dax
	modprobe device_dax
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	set_policy dax0.0 default
}

# load_driver_anew [MODULE]: the driver makes the device again, with its parameters, beside that
# module.
load_driver_anew()
{
	local module

	destroy_dax_device
	rmmod "$driver"
	for module in "$@" "$driver"; do
		modprobe "$module"
	done
	# The driver of soft-reserved memory makes it at once.
	[[ -e $dax_devices/dax0.0 ]] || make_dax_device
	wait_for "$dax_devices/dax0.0/mapping0" >/dev/null
}

# about_device: prints the sections that it reads, with a condition that the device meets instead of
# the serial number of the guide's removable expander.
about_device()
{
	local condition

	case $MACHINE in
	cxl) condition="cxl.serial = $(</sys/bus/cxl/devices/mem0/serial)" ;;
	hmem) condition='dax.path = */hmem.*' ;;
	esac
	sed "s,cxl.serial = 0xc0ffee,$condition,"
}

paths_are_told_apart()
{
	local path pattern piece

	path=$(readlink -f /sys/bus/dax/devices/dax0.0)
	case $MACHINE in
	cxl) pattern='*/ACPI0017:00/*/region0/*' ;;
	hmem) pattern='*/hmem.0/*' ;;
	pmem) pattern='*/ndbus0/*' ;;
	esac
	# shellcheck disable=SC2053 # a pattern
	[[ $path = $pattern ]] || fail "the path of the device is $path"
	# Its pieces, in the driver's row.
	grep -F "| $driver |" guide.md >/tmp/row
	for piece in ${pattern//\*/ }; do
		grep -qF "\`$piece\`" /tmp/row || fail "$piece is not in $(</tmp/row)"
	done
}

now_and_back()
{
	start_over
	type_in now-removable
	expect "$(situation)" "kmem with online_movable"
	all_blocks dax0.0 "online Movable"
	type_in verify
	type_in back
	expect "$(situation)" "device_dax with online_movable"
	all_blocks dax0.0 absent
}

by_hand()
{
	local commands last

	start_over
	commands=$(block by-hand)
	if [[ $MACHINE = pmem ]]; then
		last=${commands##*$'\n'}
		bash -euc "${commands/%bind/new_id}"$'\n'"${last/%bind/remove_id}"
	else
		! bash -euc "$commands" 2>/tmp/stderr || fail "kmem did not bind the device when it was loaded"
		grep -q busy /tmp/stderr
	fi
	expect "$(situation)" "kmem with online_movable"
	all_blocks dax0.0 "online Movable"
	if [[ $MACHINE = pmem ]]; then
		take_out dax0.0
		unbind dax0.0
		! echo dax0.0 2>/dev/null >"$dax_drivers/kmem/bind" || fail "kmem still knows the name of the device"
	fi
}

# modprobe reads options from the kernel command line and from its files alike.
command_line_acts()
{
	local option

	start_over
	mkdir -p /etc/modprobe.d
	for option in $(block command-line); do
		echo "options ${option/./ }"
	done >/etc/modprobe.d/documents.conf
	load_driver_anew kmem
	expect "$(situation)" "kmem with online_movable"
	all_blocks dax0.0 "online Movable"
}

# check_config: what udev and systemd run.
check_config()
{
	daxctl reconfigure-device --check-config dev/dax0.0 >/tmp/stdout 2>/tmp/stderr ||
		fail "status $?: $(</tmp/stderr)"
}

unplugged_until_a_section_matches()
{
	start_over
	mkdir -p /etc/modprobe.d
	block unplugged-first >/etc/modprobe.d/documents.conf
	load_driver_anew kmem
	expect "$(situation)" "kmem with unplugged"
	all_blocks dax0.0 absent
	# Of two other expanders.
	block sections | sed 's/0xc0ffee/0x77/' >"$conf"
	check_config
	expect "$(situation)" "kmem with unplugged"
	all_blocks dax0.0 absent
	block sections | about_device >"$conf"
	type_in apply-now
	expect "$(situation)" "kmem with online_movable"
	all_blocks dax0.0 "online Movable"
}

a_section_of_pmem_matches()
{
	start_over
	bind dax0.0 device_dax
	block pmem-section >"$conf"
	check_config
	expect "$(situation)" "device_dax with default"
	block pmem-section |
		sed "s/01234567-.*/$(<"$(realpath "$dax_devices/dax0.0")/../uuid")/" >"$conf"
	check_config
	expect "$(situation)" "kmem with online_movable"
	all_blocks dax0.0 "online Movable"
}

# udev loads modules for a device by its alias, and heeds the blacklist.
never_memory()
{
	start_over
	mkdir -p /etc/modprobe.d
	block no-kmem >/etc/modprobe.d/documents.conf
	load_driver_anew
	modprobe --use-blacklist "$(<"$dax_devices/dax0.0/modalias")"
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded"
	if [[ $MACHINE = pmem ]]; then
		expect "$(situation)" "device_dax with default"
	else
		expect "$(situation)" "none with default"
		type_in devdax-without-kmem
		expect "$(situation)" "device_dax with default"
		unbind dax0.0
		block devdax-section | about_device >"$conf"
		check_config
		expect "$(situation)" "device_dax with default"
	fi
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded afterwards"
	rm /etc/modprobe.d/documents.conf
	modprobe --use-blacklist "$(<"$dax_devices/dax0.0/modalias")"
	[[ -e $dax_drivers/kmem ]] || fail "kmem is not loaded without that either"
}

# --- abi.md -----------------------------------------------------------------

default_is_resolved_at_the_bind()
{
	start_over
	set_system_default online
	# Whatever it is afterwards: the bind comes last.
	expect "$(type_in resolved-at-the-bind)" offline
	all_blocks dax0.0 offline
}

same_value_again_succeeds()
{
	start_over
	daxctl reconfigure-device --mode=system-ram --online-type=online_movable dax0.0
	type_in same-value
	type_in same-value
}

unplugged_and_then_online()
{
	start_over
	type_in unplugged-by-hand
	all_blocks dax0.0 "online Movable"
}

# --- faq.md -----------------------------------------------------------------

# kmem binds the device when it is made, with the parameter for this kernel.
stays_in_devdax_mode()
{
	local type=unplugged

	start_over
	has_unplugged || type=offline
	mkdir -p /etc/modprobe.d
	block unplugged-first | sed "s/unplugged/$type/" >/etc/modprobe.d/documents.conf
	load_driver_anew kmem
	expect "$(situation)" "kmem with $type"
	block devdax-section | about_device >"$conf"
	check_config
	expect "$(situation)" "device_dax with $type"
	all_blocks dax0.0 absent
}

questions_about_any_device()
{
	start_over
	type_in has-attribute
	type_in block-size
	lsmem -o SIZE,ZONES
	daxctl list --blocks
	expect "$(type_in address)" "$(<"$dax_devices/dax0.0/resource")"
}

stays_offline_under_a_default_that_onlines()
{
	start_over
	set_system_default online
	if daxctl reconfigure-device --mode=system-ram --no-online dax0.0 2>/tmp/stderr; then
		fail "it was not refused"
	fi
	grep -q "kernel policy will auto-online memory, aborting" /tmp/stderr
	type_in no-online
	set_system_default offline
	expect "$(situation)" "kmem with offline"
	all_blocks dax0.0 offline
}

goes_to_another_zone()
{
	start_over
	daxctl reconfigure-device --mode=system-ram --online-type=offline dax0.0
	type_in other-zone
	all_blocks dax0.0 "online Movable"
	grep -q MMMM <<<"$(type_in which-zone)"
	type_in to-devdax
	expect "$(driver_of dax0.0)" device_dax
}

state_and_policy()
{
	local block

	start_over
	daxctl reconfigure-device --mode=system-ram --online-type=online_movable dax0.0
	expect "$(type_in state-and-policy)" $'online_movable\nonline_movable'
	block=$(first_block dax0.0)
	echo offline >"$memory/memory$block/state"
	expect "$(type_in state-and-policy)" $'online_movable\nonline_movable'
	grep -q -e -MMM <<<"$(type_in which-zone)"
}

# events_of_a_bind POLICY: prints how many events it causes, its own aside.
events_of_a_bind()
{
	local before after

	start_over
	set_policy dax0.0 "$1"
	modprobe kmem
	take_out dax0.0
	unbind dax0.0
	before=$(</sys/kernel/uevent_seqnum)
	echo dax0.0 >"$dax_drivers/kmem/bind"
	after=$(</sys/kernel/uevent_seqnum)
	expect "$(situation)" "kmem with $1" >&2
	printf '%d\n' $((after - before - 1))
}

events_of_policies()
{
	local number

	number=$(blocks_of dax0.0 | wc -l)
	expect "$(events_of_a_bind unplugged)" 0
	(($(events_of_a_bind online_movable) >= 2 * number))
}

too_small()
{
	start_over
	echo $(($(block_bytes) / 2)) >"$dax_devices/dax0.0/size"
	if daxctl reconfigure-device --mode=system-ram --online-type=movable dax0.0 2>/tmp/stderr; then
		fail "it was not refused"
	fi
	grep -q "no memory block of $(($(block_bytes) >> 20)) MiB fits into it" /tmp/stderr
	modprobe kmem
	grep -q "too small after alignment" <<<"$(dmesg)"
	rmmod kmem
	echo "$DEVICE_BYTES" >"$dax_devices/dax0.0/size"
}

# Comes last: the memory stays.
unmovable_pages_are_in_the_log()
{
	start_over
	daxctl reconfigure-device --mode=system-ram --online-type=online_kernel dax0.0
	grep -q NNNN <<<"$(type_in which-zone)"
	numactl --membind="$(<"$dax_devices/dax0.0/target_node")" mkdir -p /tmp/example/{1..500}
	if daxctl reconfigure-device --mode=devdax --force dax0.0; then
		fail "the memory went offline"
	fi
	grep -q "page dumped because: unmovable page" <<<"$(dmesg)"
}

ok "the device's path is in the table" paths_are_told_apart
ok "a device becomes removable memory and returns to devdax mode" now_and_back
ok "it does so by hand" by_hand
if [[ $MACHINE = pmem ]]; then
	ok "a section for a namespace acts, and for another one does not" a_section_of_pmem_matches
else
	ok "the kernel command line acts before kmem" command_line_acts
	if has_unplugged; then
		ok "no memory before a section matches, and then as it says" unplugged_until_a_section_matches
	fi
fi
ok "a blacklisted kmem is not loaded for a device" never_memory

if [[ $MACHINE != pmem ]] && has_unplugged; then
	ok "the system default counts at the bind" default_is_resolved_at_the_bind
	ok "memory of a device that is unplugged comes online through state" unplugged_and_then_online
fi
ok "the present value can be written again" same_value_again_succeeds

ok "questions: kernel support, size of memory blocks, address" questions_about_any_device
ok "memory stays offline although the system default onlines" stays_offline_under_a_default_that_onlines
ok "memory moves to another zone" goes_to_another_zone
if has_unplugged; then
	ok "state and policy, and a block that is offlined by itself" state_and_policy
fi
if [[ $MACHINE != pmem ]]; then
	ok "a section keeps a device in devdax mode, although kmem binds it" stays_in_devdax_mode
	if has_unplugged; then
		ok "no event of a memory block under unplugged, two for each that comes online" events_of_policies
	fi
	ok "a device smaller than a memory block is refused" too_small
	ok "the kernel log names unmovable pages" unmovable_pages_are_in_the_log
fi
done_testing
