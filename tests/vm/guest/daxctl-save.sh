#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device --save and --forget: the device is the same when it appears
# again, as after a boot, and what the messages say about the boot is true.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

directory=/etc/daxctl.conf.d
saved=$directory/50-saved.conf

reconfigure() # STATUS ARGUMENT...
{
	local expected=$1 status=0

	shift
	daxctl reconfigure-device "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
}

says()
{
	grep -qF -e "$1" /tmp/stderr || fail "it does not say '$1' but: $(</tmp/stderr)"
}

says_no_note()
{
	if grep note: /tmp/stderr; then
		fail "it says that"
	fi
}

free_device()
{
	if [[ $(driver_of dax0.0) = kmem ]]; then
		take_out dax0.0
	fi
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
}

# appear_again [DRIVER-PARAMETER]: as after a boot: the device is a new one, of a driver
# that has just been loaded with that parameter.
appear_again()
{
	free_device
	# A namespace that is destroyed does not come back with its UUID.
	if [[ $MACHINE = pmem ]]; then
		ndctl disable-namespace all
		[[ ! -e $dax_devices/dax0.0 ]] || fail "dax0.0 is still there"
	else
		destroy_dax_device
	fi
	if [[ -e $dax_drivers/kmem ]]; then
		rmmod kmem
	fi
	if [[ ${1-} ]]; then
		rmmod "dax_$MACHINE"
		modprobe kmem
		modprobe "dax_$MACHINE" "$1"
	fi
	if [[ $MACHINE = pmem ]]; then
		ndctl enable-namespace all
		wait_for "$dax_devices/dax0.0" >/dev/null
	elif [[ ! -e $dax_devices/dax0.0 ]]; then
		make_dax_device
	fi
}

# at_boot: what the unit does.
at_boot()
{
	reconfigure 0 --check-config dev/dax0.0
}

saves()
{
	reconfigure 0 --online-type=movable --mode=system-ram --save dax0.0
	all_blocks dax0.0 "online Movable"
	says "dax0.0: saved as section 'saved ${condition/ =/}' in $saved"
	grep -qxF "$condition" "$saved"
	expect "$(stat -c %a "$saved")" 644
	expect "$(ls -A "$directory")" 50-saved.conf
}

is_the_same_again()
{
	appear_again
	expect "$(policy_of dax0.0)" default
	at_boot
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 "online Movable"
}

# The parameter that --save names for this machine and kernel, and what it says if it is there.
names_the_parameter()
{
	if [[ $MACHINE = pmem ]]; then
		reconfigure 0 --online-type=movable --mode=system-ram --save dax0.0
		says_no_note
		return
	fi
	reconfigure 0 --online-type=movable --mode=system-ram --save dax0.0
	says "dax0.0:   options dax_$MACHINE online_type=$parameter "
	appear_again "online_type=$parameter"
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem $parameter"
	at_boot
	all_blocks dax0.0 "online Movable"
	reconfigure 0 --online-type=movable --mode=system-ram --save dax0.0
	says_no_note
}

without_a_section()
{
	reconfigure 0 --forget dax0.0
	says "dax0.0: removed section 'saved ${condition/ =/}' from $saved"
	all_blocks dax0.0 "online Movable"
	expect "$(ls -A "$directory")" ""
	reconfigure 254 --forget dax0.0
	if [[ $MACHINE = pmem ]]; then
		appear_again
	else
		appear_again "online_type=$parameter"
		reconfigure 254 --forget dax0.0
	fi
	# There is no configuration at all: upstream daxctl tells that, and does nothing.
	at_boot
	expect "$(</tmp/stdout)" ""
	if [[ $MACHINE = pmem ]]; then
		expect "$(driver_of dax0.0) $(policy_of dax0.0)" "device_dax default"
	else
		expect "$(policy_of dax0.0)" "$parameter"
	fi
}

# Memory that is not as asked is not saved: a block is where it should not be.
fails_without_saving()
{
	reconfigure 0 --online-type=movable --mode=system-ram --force dax0.0
	reconfigure 240 --online-type=offline --mode=system-ram --save dax0.0
	says "dax0.0: not saved"
	[[ ! -e $saved ]] || fail "it is saved: $(<"$saved")"
}

# Killed before any system call that changes something: the file is the old one or the new
# one, what is left does no harm, and saving again leaves nothing behind.
survives_sigkill()
{
	local old new call nth points=0
	local calls=openat,write,unlinkat,fchmod,fsync,renameat,renameat2

	free_device
	reconfigure 0 --online-type=offline --save dax0.0
	old=$(<"$saved")
	strace -qq -o /tmp/trace -e trace="$calls" \
		daxctl reconfigure-device --online-type=movable --save dax0.0 >/dev/null 2>&1
	new=$(<"$saved")
	[[ $old != "$new" ]] || fail "both are the same"
	# What is written to standard output and standard error is none of it.
	awk -F'(' '{ count[$1]++ } /^unlinkat/ { on = 1 }
		on && !/^write\([12],/ { print $1, count[$1] }' /tmp/trace >/tmp/points
	while read -r call nth; do
		set_policy dax0.0 offline
		printf '%s\n' "$old" >"$saved"
		{
			strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$nth" \
				daxctl reconfigure-device --online-type=movable --save dax0.0 >/dev/null 2>&1
		} 2>/dev/null && fail "it was not killed at $call $nth"
		[[ $(<"$saved") = "$old" || $(<"$saved") = "$new" ]] ||
			fail "killed at $call $nth: $(<"$saved")"
		reconfigure 0 --online-type=movable --save dax0.0
		expect "$(<"$saved")" "$new"
		expect "$(ls -A "$directory")" 50-saved.conf
		points=$((points + 1))
	done </tmp/points
	((points >= 7)) || fail "too few points: $(</tmp/points)"
	reconfigure 0 --forget dax0.0
}

# Of two at the same time, neither loses what the other one writes.
two_at_the_same_time()
{
	local round

	appear_again
	free_device
	divide_device 2 $((DEVICE_BYTES / 2))
	for ((round = 0; round < 5; round++)); do
		rm -f "$saved"
		daxctl reconfigure-device --online-type=offline --save dax0.0 2>/tmp/first &
		daxctl reconfigure-device --online-type=offline --save dax0.1 2>/tmp/second
		wait $!
		expect "$(grep -c '^dax.resource = ' "$saved")" 2
		expect "$(ls -A "$directory")" 50-saved.conf
	done
	# Together they have the serial that one alone would be known by.
	if grep '^cxl.serial' "$saved"; then
		fail "that means both"
	fi
	reconfigure 0 --forget all
	says "forgot 2 devices"
	expect "$(ls -A "$directory")" ""
}

# Both devices of before. dax0.0 is saved while it is alone in its region.
keeps_the_section_of_another()
{
	local before

	echo 0 >"$dax_devices/dax0.1/size"
	reconfigure 0 --online-type=offline --save dax0.0
	before=$(<"$saved")
	grep -qxF "$condition" "$saved"
	echo $((DEVICE_BYTES / 2)) >"$dax_devices/dax0.1/size"
	reconfigure 239 --online-type=movable --save dax0.1
	says "($saved:3) matches dax0.0 too"
	reconfigure 239 --forget dax0.1
	says "($saved:3) matches dax0.0 too"
	expect "$(<"$saved")" "$before"
}

mkdir -p "$directory"
chmod 755 "$directory"
rm -f "$directory"/*
case $MACHINE in
cxl) condition="cxl.serial = $(</sys/bus/cxl/devices/mem0/serial)" ;;
hmem) condition="dax.resource = $(<"$dax_devices/dax0.0/resource")" ;;
pmem) condition="nvdimm.uuid = $(<"$(realpath "$dax_devices/dax0.0")/../uuid")" ;;
esac
parameter=online_movable
if has_unplugged; then
	parameter=unplugged
fi
set_system_default offline

ok "--save writes a section for what the device is known by" saves
ok "a device that appears again gets what was saved" is_the_same_again
ok "the driver's parameter that it names is what the boot needs besides" names_the_parameter
ok "without the section, only the parameter is left" without_a_section
ok "a reconfiguration that failed is not saved" fails_without_saving
# That is the same on every machine, and takes its time.
if [[ $MACHINE = hmem ]]; then
	ok "killed at any point, --save leaves the old file or the new one" survives_sigkill
fi
if [[ $MACHINE != pmem ]]; then
	ok "two at the same time are both saved" two_at_the_same_time
fi
if [[ $MACHINE = cxl ]]; then
	ok "a section that matches another device too is left alone" keeps_the_section_of_another
fi
done_testing
