#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The files of contrib/ that act when a device appears, with the distribution's udev: the
# rules, the drivers' parameters, and the command of the systemd unit as the rule asks
# for it. Wants contrib/ and the built unit in the working directory, and the
# distribution's 80-drivers.rules, which loads kmem for every dax device.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

rules=/etc/udev/rules.d
log=/run/udev.log
unit='daxdev-reconfigure@.service'

# received MESSAGE: prints how often udevd has received it.
received()
{
	grep -c "control message (${1^^})" "$log" || [[ $? = 1 ]]
}

# tell_udevd MESSAGE: repeats reload or ping until udevd receives it. A message that comes
# before the kernel knows its sender is from an "Invalid sender" and ignored.
tell_udevd()
{
	local attempt before

	before=$(received "$1")
	for ((attempt = 0; attempt < 20; attempt++)); do
		udevadm control --timeout=60 "--$1"
		if (($(received "$1") > before)); then
			return
		fi
	done
	fail "udevd does not receive --$1"
}

# settle: waits until udevd has processed everything that has happened so far.
settle()
{
	# After that, udevd has queued every event.
	tell_udevd ping
	udevadm settle --timeout=60
}

# use_rules FILE...: makes these udev's rules, besides the distribution's.
use_rules()
{
	rm -rf "$rules"
	mkdir -p "$rules"
	cp 80-drivers.rules "$@" "$rules"
	tell_udevd reload
}

# without_kmem: removes the device and unloads kmem.
without_kmem()
{
	if [[ $(driver_of dax0.0) = kmem ]]; then
		take_out dax0.0
	fi
	if [[ $(driver_of dax0.0) != none ]]; then
		unbind dax0.0
	fi
	destroy_dax_device
	# The old device's last events load kmem as well.
	settle
	if [[ -e $dax_drivers/kmem ]]; then
		rmmod kmem
	fi
}

# appear: makes the device and waits for udev.
appear()
{
	# A driver that was just loaded has made it already.
	[[ -e $dax_devices/dax0.0 ]] || make_dax_device
	settle
}

# all_examples FILE: prints it with its comments enabled, for this device. No memory goes
# online in a kernel zone, as it might not go offline again.
all_examples()
{
	local uuid=none serial=0

	case $MACHINE in
	cxl) serial=$(</sys/bus/cxl/devices/mem0/serial) ;;
	pmem) [[ ! -e $dax_devices/dax0.0 ]] || uuid=$(<"$(realpath "$dax_devices/dax0.0")/../uuid") ;;
	esac
	sed -E -e 's/^#(options|SUBSYSTEMS|KERNELS)/\1/' \
		-e "s/(target_node.*= *\"?)2/\1$target_node/" \
		-e "s/0xc0ffee/$serial/" -e "s/01234567-.*/$uuid/" \
		-e "s/unplugged/$pmem_policy/" -e 's/online_kernel/online_movable/' "$1"
}

comes_before_kmem()
{
	without_kmem
	all_examples contrib/udev/60-dax-online-type.example.rules >60-dax-online-type.rules
	use_rules 60-dax-online-type.rules
	appear
	expect "$(policy_of dax0.0)" "$policy"
	[[ -e $dax_drivers/kmem ]] || fail "udev has not loaded kmem"
	# kmem does not bind these by itself.
	if [[ $MACHINE = pmem ]]; then
		move dax0.0 kmem
	fi
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 "$blocks"
}

comes_too_late_without_a_complaint()
{
	take_out dax0.0
	unbind dax0.0
	destroy_dax_device
	: >"$log"
	appear
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem default"
	expect "$(grep -i 'online_type' "$log")" ""
}

# events_of DEVICE: reads what udevadm monitor prints, and prints for each event of the device
# the action, the tags, and what systemd is to start.
events_of()
{
	awk -v RS= -F '\n' -v name="/dev/$1" '{
		delete property
		for (i = 1; i <= NF; i++)
			if (split($i, part, "=") == 2)
				property[part[1]] = part[2]
		if (property["DEVNAME"] == name)
			print property["ACTION"], property["CURRENT_TAGS"], property["SYSTEMD_WANTS"]
	}'
}

asks_for_the_unit_once()
{
	local events=/run/events monitor attempt

	without_kmem
	use_rules contrib/udev/90-daxctl-device.rules
	udevadm monitor --udev --property --subsystem-match=dax >"$events" &
	monitor=$!
	for ((attempt = 0; attempt < 200; attempt++)); do
		if [[ -s $events ]]; then
			break
		fi
		sleep 0.05
	done
	appear
	kill "$monitor"
	expect "$(events_of dax0.0 <"$events" | sort | uniq)" \
		"add :systemd: daxdev-reconfigure@dev-dax0.0.service
bind :systemd: "
}

# start_unit: what systemd would run for the instance dev-dax0.0.
start_unit()
{
	local command

	command=$(sed -n 's/^ExecStart=//p' "$unit")
	[[ $command = /*/daxctl\ *%I ]] || fail "the unit runs '$command'"
	# As installed here.
	command="/usr/local/bin/daxctl ${command#* }"
	bash -c "${command//%I/dev/dax0.0}" >/tmp/stdout 2>/tmp/stderr ||
		fail "$command: $(</tmp/stderr)"
}

unit_does_nothing_without_configuration()
{
	local before

	before="$(driver_of dax0.0) $(policy_of dax0.0)"
	start_unit
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "$before"
}

unit_follows_the_configuration()
{
	all_examples contrib/daxctl.conf.d/online-type.example.conf >/etc/daxctl.conf.d/online-type.conf
	# udev has loaded kmem, and the system default is offline.
	if [[ $(driver_of dax0.0) = kmem ]]; then
		take_out dax0.0
		unbind dax0.0
	fi
	start_unit
	expect "$(policy_of dax0.0)" online_movable
	all_blocks dax0.0 "online Movable"
}

parameters_come_with_the_module()
{
	local module=dax_$MACHINE

	mkdir -p /etc/modprobe.d
	all_examples contrib/modprobe.d/dax-online-type.example.conf >/etc/modprobe.d/dax-online-type.conf
	without_kmem
	rmmod "$module"
	modprobe "$module"
	expect "$(<"/sys/module/$module/parameters/online_type")" "$policy"
}

target_node=$(<"$dax_devices/dax0.0/target_node")
# The policy of the machine's device in the examples.
policy=online_movable blocks="online Movable"
pmem_policy=offline pmem_blocks=offline
if has_unplugged; then
	pmem_policy=unplugged pmem_blocks=absent
fi
if [[ $MACHINE = pmem ]]; then
	policy=$pmem_policy blocks=$pmem_blocks
fi

set_system_default offline
(exec -a systemd-udevd udevadm --debug >>"$log" 2>&1) &
udevd=$!
wait_for /run/udev/control >/dev/null
# udevd receives device events a little later than that.
tell_udevd ping
ok "the example's rules write the policy before udev loads kmem" comes_before_kmem
if [[ $MACHINE != pmem ]]; then
	ok "the rules skip a device that kmem holds" comes_too_late_without_a_complaint
fi
ok "the rule asks systemd for the unit when the device appears, and at no other event" \
	asks_for_the_unit_once
ok "the unit does nothing as long as nothing is configured" unit_does_nothing_without_configuration
if [[ $MACHINE != pmem ]]; then
	ok "modprobe takes the policies of the example" parameters_come_with_the_module
	appear
fi
ok "the unit follows the example of a configuration" unit_follows_the_configuration
kill "$udevd"
done_testing
