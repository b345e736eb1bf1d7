#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device on a mocked /sys: command lines, messages, statuses.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

{
	region 0
	device 0 0 online_type=default memmap_on_memory=0
	device 0 1 online_type=offline memmap_on_memory=0
	region 1
	device 1 0 online_type=default memmap_on_memory=0
	region 2
	device 2 0
} >"$work/devices"

policies()
{
	local device

	for device in dax0.0 dax0.1 dax1.0; do
		printf '%s ' "$(</sys/bus/dax/devices/$device/online_type)"
	done
}

reconfigure()
{
	local status=$1

	shift
	run "$status" reconfigure-device "$@"
}

refuses() # MESSAGE ARGUMENT...: as wrong usage, without touching anything
{
	local message=$1 before

	shift
	before=$(policies)
	reconfigure 129 "$@"
	says "$message"
	says "Try 'daxctl reconfigure-device -h'"
	expect "$stdout" ""
	expect "$(policies)" "$before"
}

sets_every_type()
{
	local spelling

	for spelling in default offline online online_kernel online_movable unplugged; do
		reconfigure 0 --online-type="$spelling" dax0.0
		expect "$(</sys/bus/dax/devices/dax0.0/online_type)" "$spelling"
		expect "$(jq -r '.[0].online_type' <<<"$stdout")" "$spelling"
	done
	for spelling in movable online-movable; do
		reconfigure 0 --online-type="$spelling" dax0.0
		expect "$(</sys/bus/dax/devices/dax0.0/online_type)" online_movable
	done
	for spelling in kernel online-kernel; do
		reconfigure 0 --online-type "$spelling" 0.0
		expect "$(</sys/bus/dax/devices/dax0.0/online_type)" online_kernel
	done
}

takes_every_name()
{
	local name

	for name in dax0.0 0.0 /dev/dax0.0 dev/dax0.0; do
		reconfigure 0 --online-type=movable "$name"
		expect "$(policies)" "online_movable offline default "
		reconfigure 0 --online-type=default "$name"
	done
}

refuses_other_names()
{
	local name

	for name in dax0 foo ../dax0.0 /sys/bus/dax/devices/dax0.0 dax0.0/ "dax0.0 dax0.1" '*' ''; do
		refuses "is not the name of a dax device" --online-type=movable "$name"
	done
}

takes_several()
{
	reconfigure 0 --online-type=movable dax0.0 dax1.0
	expect "$(policies)" "online_movable offline online_movable "
	expect "$(jq -c '[.[].chardev] | sort' <<<"$stdout")" '["dax0.0","dax1.0"]'
	says "reconfigured 2 devices"
}

takes_all_of_a_region()
{
	reconfigure 0 --online-type=movable -r 0 all
	expect "$(policies)" "online_movable online_movable default "
	expect "$(jq -c '[.[].chardev] | sort' <<<"$stdout")" '["dax0.0","dax0.1"]'
	reconfigure 0 --online-type=kernel --region="0 1" all
	expect "$(policies)" "online_kernel online_kernel online_kernel "
	reconfigure 0 -u --online-type=offline -r 1 all
	expect "$(jq -r .chardev <<<"$stdout")" dax1.0
}

# What looks like several regions must not be taken for the first of them.
refuses_other_regions()
{
	local region

	for region in 1,3 0-3 0,1 "0 foo" "0 1,2" 4294967296 2147483648 18446744073709551616 +0 -1 0x0 0.0 region \
		"region 0" regions0 allx "" " "; do
		refuses "'$region' is not a list of regions; give ids such as 0 or region0" \
			--online-type=movable --region="$region" all
		refuses "'$region' is not a list of regions" --forget --region="$region" all
		refuses "'$region' is not a list of regions" -C -n --region="$region" all
	done
	for region in 0 00 region0 region00 "0 0" "region0	0 " "9 0" "2147483647 0" "0"$'\n'"7"; do
		reconfigure 0 --online-type=kernel --region="$region" all
		expect "$(policies)" "online_kernel online_kernel default "
		reconfigure 0 --online-type=default --region="$region" all
	done
	# dax2.0 cannot have a policy.
	for region in all "7 all"; do
		reconfigure 161 --online-type=kernel --region="$region" all
		expect "$(policies)" "online_kernel online_kernel online_kernel "
		reconfigure 161 --online-type=default --region="$region" all
	done
}

goes_on_behind_a_failure()
{
	reconfigure 161 --online-type=movable all
	expect "$(policies)" "online_movable online_movable online_movable "
	says "dax2.0: error: this kernel has no online_type attribute"
	says "error reconfiguring devices: Operation not supported"
	says "reconfigured 3 devices"
	expect "$(jq -c '[.[].chardev] | sort' <<<"$stdout")" '["dax0.0","dax0.1","dax1.0"]'
}

lists_policies()
{
	local words

	for words in --online-type=help "--online-type help -m system-ram dax0.0" "-C --online-type=help"; do
		# shellcheck disable=SC2086 # several words
		run 0 reconfigure-device $words
		expect "$(cut -d' ' -f1 <<<"$stdout" | paste -sd' ')" \
			"default offline online online_kernel online_movable unplugged"
		expect "$(sed -n 5p <<<"$stdout")" \
			"online_movable  online in ZONE_MOVABLE, so that it can come out again; for short: movable"
		expect "$stderr" ""
	done
	expect "$(<"$sys/bus/dax/devices/dax0.0/online_type")" default
	run 129 reconfigure-device --online-type=help --bogus
}

no_device()
{
	reconfigure 250 --online-type=movable dax5.0
	expect "$stdout" ""
	says "dax5.0: error: there is no such dax device"
	says "reconfigured 0 devices"
	reconfigure 250 --online-type=movable -r 7 all
	says "all: error: there is no dax device in that region"
	reconfigure 250 --online-type=movable dax0.0 dax5.0
	says "dax5.0: error: there is no such dax device"
	says "reconfigured 1 device"
}

refuses_conflicts()
{
	refuses "--no-online contradicts" --online-type=movable -m system-ram -N dax0.0
	refuses "--no-movable contradicts" --online-type=movable -m system-ram --no-movable dax0.0
	refuses "--size, --align and --input" --online-type=movable -s 1G dax0.0
	refuses "--size, --align and --input" --online-type=movable --align=2M dax0.0
	refuses "--size, --align and --input" --online-type=movable --input=x dax0.0
	refuses "only of use with --mode=system-ram" --online-type=movable -m devdax dax0.0
	refuses "only of use with --mode=system-ram" --online-type=movable -m famfs dax0.0
	refuses "only of use with --mode=system-ram" --online-type=movable -m nonsense dax0.0
	refuses "--check-config takes the policy" --online-type=movable -C dax0.0
	refuses "need --online-type" --dry-run -m system-ram dax0.0
	refuses "need --online-type" --allow-fallback -m system-ram dax0.0
	refuses "specify a device" --online-type=movable
	refuses "was cancelled" --online-type=movable --no-online-type -m system-ram dax0.0
	refuses "specify a device" -C -n
	refuses "--memmap-on-memory is on or off" --memmap-on-memory=maybe dax0.0
	refuses "unknown online type 'nonsense'; it is one of default, offline" --online-type=nonsense dax0.0
	refuses "unknown online type ''" --online-type= dax0.0
	refuses "option \`online-type' requires a value" dax0.0 --online-type
	refuses "unknown option \`bogus'" --online-type=movable --bogus dax0.0
}

takes_back_conflicts()
{
	reconfigure 0 --online-type=movable -N --online --no-movable --movable dax0.0
	reconfigure 0 --online-type=movable -m devdax --no-mode dax0.0
}

dry_run()
{
	local before

	before=$(policies)
	reconfigure 0 --online-type=movable -m system-ram --dry-run dax0.0
	expect "$stdout" ""
	expect "$stderr" 'dax0.0: write "online_movable" to /sys/bus/dax/devices/dax0.0/online_type
dax0.0: write "dax0.0" to /sys/bus/dax/drivers/kmem/bind
dax0.0: verify that 8 memory blocks are as under the policy online_movable
dry run: nothing was changed'
	expect "$(policies)" "$before"
}

rolls_back()
{
	local before

	bound dax0.0 device_dax
	before=$(policies)
	# Without a kernel to unbind it, this looks like another driver.
	reconfigure 240 --online-type=movable -m system-ram -v dax0.0
	says 'dax0.0: write "online_movable" to /sys/bus/dax/devices/dax0.0/online_type: done'
	says 'dax0.0: write "default" to /sys/bus/dax/devices/dax0.0/online_type: done'
	says "dax0.0: its mode is unchanged: devdax, with the policy 'default'"
	expect "$(policies)" "$before"
}

sets_memmap()
{
	reconfigure 0 --memmap-on-memory dax0.0
	expect "$(</sys/bus/dax/devices/dax0.0/memmap_on_memory)" 1
	reconfigure 0 --memmap-on-memory=off --online-type=movable dax0.0
	expect "$(</sys/bus/dax/devices/dax0.0/memmap_on_memory)" 0
	expect "$(policies)" "online_movable offline default "
	reconfigure 161 --memmap-on-memory=on dax2.0
	says "no memmap_on_memory attribute"
}

no_online()
{
	local status

	echo online_kernel >/sys/bus/dax/devices/dax0.0/online_type
	reconfigure 240 -m system-ram -N dax0.0
	says "dax0.0: error: its policy 'online_kernel' will auto-online memory, aborting"
	says "error reconfiguring devices: Device or resource busy"
	says "reconfigured 0 devices"
	reconfigure 240 -m system-ram -N ./dax0.0
	reconfigure 240 -m system-ram -N /foo/dax0.0
	# Not so if the policy keeps it offline, or with --force: that is left to upstream then, if
	# no other device lacks a policy.
	echo default >"$sys/bus/dax/devices/dax2.0/online_type"
	same reconfigure-device -m system-ram -N dax0.1
	same reconfigure-device -m system-ram -N -f dax0.0
}

# dax2.0 has no policy: upstream is not asked to bind another device.
binds_it_alone()
{
	local drivers=$sys/bus/dax/drivers

	echo online >"$sys/devices/system/memory/auto_online_blocks"
	same reconfigure-device -m system-ram -N dax0.1
	expect "$(cat "$drivers"/*/{bind,new_id})" ""
	reconfigure 250 -m system-ram -N --force dax0.1
	says "dax0.1: error: the driver 'kmem' did not bind it"
	expect "$(<"$drivers/kmem/bind")" dax0.1
}

# dax2.0 has no policy: upstream is not asked to bind another device.
auto_online()
{
	local default option drivers=$sys/bus/dax/drivers

	for default in online online_kernel online_movable; do
		echo "$default" >"$sys/devices/system/memory/auto_online_blocks"
		reconfigure 240 -m system-ram dax0.0
		expect "$stderr" "dax0.0: error: kernel policy will auto-online memory, aborting
error reconfiguring devices: Device or resource busy
reconfigured 0 devices"
		same reconfigure-device -m system-ram dax0.0
		same reconfigure-device -m system-ram all
		expect "$(cat "$drivers"/*/{bind,new_id})" ""
		for option in --force --no-movable; do
			reconfigure 250 -m system-ram "$option" dax0.0
			says "dax0.0: error: the driver 'kmem' did not bind it"
			expect "$(<"$drivers/kmem/bind")" dax0.0
			: >"$drivers/kmem/bind"
		done
	done
}

# states NUMBER...: of these memory blocks.
states()
{
	local number

	for number; do
		awk 1 "$sys/devices/system/memory/memory$number/state"
	done | xargs
}

# offline_block NUMBER: one that is seen to be online when its state is written.
offline_block()
{
	block "$1" "Normal Movable" ""
	ln -sf state "$sys/devices/system/memory/memory$1/valid_zones"
}

# dax2.0 has no policy: upstream is not asked to bind another device.
onlines_what_is_offline()
{
	bound dax0.0 kmem
	block 32 online Normal
	offline_block 33
	offline_block 34
	reconfigure 0 -m system-ram dax0.0
	expect "$(states 32 33 34)" "online online_movable online_movable"
	expect "$stderr" "dax0.0: 1 memory section already online
reconfigured 1 device"
	expect "$(jq -c '.[0] | [.chardev, .mode, .online_memblocks]' <<<"$stdout")" '["dax0.0","system-ram",3]'
	echo "Normal Movable" >"$sys/devices/system/memory/memory33/state"
	reconfigure 0 -m system-ram --no-movable dax0.0
	expect "$(states 32 33 34)" "online online_kernel online_movable"
}

# between_two_ranges: dax0.1 has the blocks 34 and 35, dax0.0 those before and behind them.
between_two_ranges()
{
	local place mapping

	for place in dax0.0/mapping0:0x100000000 dax0.1/mapping0:0x110000000 dax0.0/mapping1:0x120000000; do
		mapping=$sys/devices/platform/hmem.0/${place%:*}
		mkdir "$mapping"
		echo "${place#*:}" >"$mapping/start"
		printf '0x%x\n' "$((${place#*:} + 0xfffffff))" >"$mapping/end"
	done
	echo 0x20000000 >"$sys/devices/platform/hmem.0/dax0.0/size"
	echo 0x10000000 >"$sys/devices/platform/hmem.0/dax0.1/size"
	echo 0x110000000 >"$sys/devices/platform/hmem.0/dax0.1/resource"
	echo default >"$sys/bus/dax/devices/dax2.0/online_type"
}

# Upstream takes both ranges for one span.
onlines_no_neighbour()
{
	local number

	between_two_ranges
	bound dax0.0 kmem
	bound dax0.1 kmem
	block 32 online Movable
	block 33 online Movable
	for number in 34 35 36 37; do
		offline_block "$number"
	done
	reconfigure 0 -m system-ram dax0.0
	expect "$(states 34 35)" "Normal Movable Normal Movable"
	expect "$(states 36 37)" "online_movable online_movable"
}

enters_with_all()
{
	between_two_ranges
	reconfigure 250 -m system-ram all
	says "dax0.0: error: the driver 'kmem' did not bind it"
	says "dax1.0: error: the driver 'kmem' did not bind it"
}

leaves_unplugged()
{
	bound dax0.0 kmem
	echo unplugged >"$sys/devices/platform/hmem.0/dax0.0/state"
	: >"$sys/bus/dax/drivers/kmem/unbind"
	reconfigure 129 -m devdax dax0.0 dax0.1
	expect "$(<"$sys/bus/dax/drivers/kmem/unbind")" ""
	"$DAXCTL" reconfigure-device -m devdax dax0.0 >"$work/stdout" 2>&1 || : "no kernel is there to unbind"
	expect "$(<"$sys/bus/dax/drivers/kmem/unbind")" dax0.0
}

announces_the_way_out()
{
	local drivers=$sys/bus/dax/drivers

	bound dax0.0 kmem
	rm -r "$drivers/device_dax"
	reconfigure 0 --mode=devdax --dry-run dax0.0
	says "dax0.0: load the module device_dax
dax0.0: write \"dax0.0\" to /sys/bus/dax/drivers/kmem/unbind
dax0.0: write \"dax0.0\" to /sys/bus/dax/drivers/device_dax/bind
dax0.0: verify that 8 memory blocks are gone"
	expect "$(<"$drivers/kmem/unbind")" ""
}

# There is no kernel behind this /sys: the unbind has no effect.
does_not_bind_what_is_bound()
{
	bound dax0.0 kmem
	reconfigure 240 --mode=devdax dax0.0
	says "dax0.0: error: the driver 'kmem' claimed it at the same moment"
	says "dax0.0: its mode is unchanged: system-ram, with the policy 'default'"
	says "error reconfiguring devices: Device or resource busy"
	says "reconfigured 0 devices"
}

# takes_long FILE: whoever writes to a FIFO waits for its reader.
takes_long()
{
	rm "$1"
	mkfifo "$1"
	(sleep 1.5; cat "$1" >/dev/null) &
}

says_what_takes_long()
{
	local drivers=$sys/bus/dax/drivers

	takes_long "$drivers/kmem/bind"
	reconfigure 250 --mode=system-ram --online-type=movable dax0.0
	wait
	expect "$(grep -c '^dax0.0: binding: 8 memory blocks$' "$work/stderr")" 1
	rm "$drivers/kmem/bind"
	touch "$drivers/kmem/bind"
	reconfigure 250 --mode=system-ram --online-type=movable dax0.0
	[[ $stderr != *binding:* ]]
	bound dax0.0 device_dax
	takes_long "$drivers/device_dax/unbind"
	reconfigure 240 --mode=system-ram --online-type=movable dax0.0
	wait
	expect "$(grep -c '^dax0.0: unbinding: 8 memory blocks$' "$work/stderr")" 1
}

# With "all", what libdaxctl does not list is told too.
names_what_it_cannot_read()
{
	rm "$sys/bus/dax/devices/dax0.0/size"
	reconfigure 254 --online-type=movable all
	says "dax0.0: error: cannot read its attributes: No such file or directory"
	says "reconfigured 2 devices"
	reconfigure 254 --online-type=movable dax0.0
	says "dax0.0: error: cannot read its attributes: No such file or directory"
	rm "$UMOCKDEV_DIR/dev/dax1.0"
	reconfigure 250 --online-type=offline -r 1 all
	says "dax1.0: error: the device is there, and its node /dev/dax1.0 is not"
	[[ $stderr != *dax0.0* ]] || fail "$stderr"
}

help_knows_the_options()
{
	local option

	reconfigure 129 -h
	for option in online-type memmap-on-memory allow-fallback dry-run save forget mode force; do
		says "--$option"
	done
	reconfigure 130 --list-opts
	expect "$stdout" "$(/usr/bin/daxctl reconfigure-device --list-opts || : "is 130")--online-type --memmap-on-memory --allow-fallback --dry-run --save --forget "
}

export_functions
ok "every type in every spelling sets the policy" on_system sets_every_type
ok "a device is understood in every documented form" on_system takes_every_name
ok "no other name reaches a path" on_system refuses_other_names
ok "several devices are all reconfigured, and all in the JSON" on_system takes_several
ok "all and --region select devices as for the distribution" on_system takes_all_of_a_region
ok "what is not a list of regions is refused" on_system refuses_other_regions
ok "one that fails does not keep the others from being reconfigured" on_system goes_on_behind_a_failure
ok "--online-type=help lists the values" on_system lists_policies
ok "no device at all is an error" on_system no_device
ok "what contradicts a policy is refused as usage, with the reason" on_system refuses_conflicts
ok "a cancelled option contradicts nothing" on_system takes_back_conflicts
ok "a dry run prints the steps and nothing on stdout" on_system dry_run
ok "a failed bind is rolled back" on_system rolls_back
ok "--memmap-on-memory sets that attribute" on_system sets_memmap
ok "--no-online is refused where the device's policy would online it" on_system no_online
ok "with --no-online, no device without a policy is bound besides" on_system binds_it_alone
ok "--mode=system-ram is refused as by upstream where the system default would online it" on_system auto_online
ok "--mode=system-ram onlines what is offline of a device in that mode, as upstream does" on_system onlines_what_is_offline
ok "it onlines no block of a neighbour between two ranges" on_system onlines_no_neighbour
ok "it takes \"all\" by the same means as one device" on_system enters_with_all
ok "--mode=devdax frees a device that is left unplugged" on_system leaves_unplugged
ok "a dry run lists the steps to devdax mode" on_system announces_the_way_out
ok "a device that another driver takes on the way to devdax mode is not bound" on_system does_not_bind_what_is_bound
ok "what takes longer than a second says so where there is no terminal" on_system says_what_takes_long
ok "a device that cannot be read is not passed over" on_system names_what_it_cannot_read
ok "-h and --list-opts know our options" on_system help_knows_the_options
done_testing
