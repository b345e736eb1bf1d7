#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What somebody changes by hand after boot stays until the device goes; the device that comes
# then is configured again, and so is each that is made beside it. Wants the files of sections.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

unit=daxdev-reconfigure@dev-dax0.0.service

# all_movable [DEVICE]
all_movable()
{
	local device=${1:-dax0.0}

	expect "$(driver_of "$device") $(policy_of "$device")" "kmem online_movable"
	all_blocks "$device" "online Movable"
}

# in_devdax_mode DEVICE
in_devdax_mode()
{
	expect "$(driver_of "$1")" device_dax
	all_blocks "$1" absent
}

# devdax_stays DEVICE
devdax_stays()
{
	daxctl reconfigure-device --mode=devdax --force "$1"
	wait_until_quiet
	in_devdax_mode "$1"
}

# Events that tell of no device that is new: whoever asks for them, and systemd itself.
survives_events()
{
	local action

	for action in change bind add; do
		udevadm trigger --action="$action" "$(realpath "$dax_devices/dax0.0")"
		wait_until_quiet
	done
	systemctl daemon-reload
	wait_until_quiet
	systemctl daemon-reexec
	wait_until_quiet
	in_devdax_mode dax0.0
}

check_config_acts()
{
	daxctl reconfigure-device --check-config dax0.0
	wait_until_quiet
	all_movable
}

restarted_unit_acts()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0
	systemctl restart "$unit"
	wait_until_quiet
	all_movable
}

unplugged_stays()
{
	daxctl reconfigure-device --mode=system-ram --online-type=unplugged --force dax0.0
	wait_until_quiet
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem unplugged"
	all_blocks dax0.0 absent
}

remove_device()
{
	take_out dax0.0
	unbind dax0.0
	destroy_dax_device
	wait_until_quiet
}

unit_ends_with_the_device()
{
	remove_device
	expect "$(systemctl is-active "$unit")" inactive
}

device_comes_again()
{
	make_dax_device
	wait_until_quiet
	all_movable
	expect "$(systemctl is-active "$unit")" active
}

# fails_once DEVICE COMMAND...: makes it with the command. Its unit fails after it has bound the
# device anew, as daxctl does when it rolls back.
fails_once()
{
	local device=$1 unit=daxdev-reconfigure@dev-$1.service
	local directory=/run/systemd/system/daxdev-reconfigure@.service.d

	shift
	mkdir -p "$directory"
	cat >/root/fail <<'END3'
#!/bin/sh
echo run >>/root/runs
device=${1##*/}
echo "$device" >"/sys/bus/dax/devices/$device/driver/unbind"
echo unplugged >"/sys/bus/dax/devices/$device/online_type"
echo "$device" >/sys/bus/dax/drivers/kmem/bind
exit 1
END3
	chmod +x /root/fail
	rm -f /root/runs
	printf '[Service]\nExecStart=\nExecStart=/root/fail %%I\n' >"$directory/fail.conf"
	systemctl daemon-reload
	"$@"
	wait_until_quiet
	sleep 3
	wait_until_quiet
	expect "$(systemctl is-active "$unit")" failed
	expect "$(wc -l </root/runs)" 1
	rm -r "$directory"
	systemctl daemon-reload
}

device_fails_once()
{
	remove_device
	fails_once dax0.0 make_dax_device
}

after_a_failure_a_new_device_is_configured()
{
	remove_device
	device_comes_again
}

# --- devices that are made beside it ----------------------------------------

created_unit=daxdev-reconfigure@dev-dax0.1.service
created_bytes=$((256 << 20))

# make_room: for other devices, of which only dax0.1 has a section.
make_room()
{
	local bytes

	take_out dax0.0
	unbind dax0.0
	read -r bytes <"$dax_devices/dax0.0/size"
	echo "$((bytes / 2))" >"$dax_devices/dax0.0/size"
	cat >/etc/daxctl.conf.d/dax.conf <<'END3'
[reconfigure-device created]
dax.path = */dax0.1
online-type = online_movable
END3
}

create_device()
{
	daxctl create-device --size="$created_bytes"
}

destroy_created_device()
{
	daxctl destroy-device --force dax0.1
	wait_until_quiet
	expect "$(systemctl is-active "$created_unit")" inactive
}

created_device_is_configured()
{
	make_room
	create_device
	wait_until_quiet
	all_movable dax0.1
}

devdax_of_created_device_stays()
{
	devdax_stays dax0.1
	udevadm trigger --action=bind "$(realpath "$dax_devices/dax0.1")"
	wait_until_quiet
	in_devdax_mode dax0.1
}

# is_pending: without a driver, and systemd has not been asked for the unit.
is_pending()
{
	wait_until_quiet
	expect "$(driver_of dax0.1), $(systemctl is-active "$created_unit")" "none, inactive"
}

# make_seed: with a size.
make_seed()
{
	echo 1 >"$region/create"
	is_pending
	echo "$created_bytes" >"$dax_devices/dax0.1/size"
	is_pending
}

# The device that was there before the region had a seed, though it has no driver either.
dax0_0_is_not_pending()
{
	systemctl stop "$unit"
	udevadm trigger --action=add "$(realpath "$dax_devices/dax0.0")"
	wait_until_quiet
	expect "$(driver_of dax0.0), $(systemctl is-active "$unit")" "none, active"
}

# bind_created_device: to device_dax, as daxctl create-device does. Where it is bound a moment later
# is up to the unit.
bind_created_device()
{
	echo dax0.1 >"$dax_drivers/device_dax/new_id"
	echo dax0.1 >"$dax_drivers/device_dax/remove_id"
	wait_until_quiet
}

configured_when_it_is_bound()
{
	destroy_created_device
	make_seed
	dax0_0_is_not_pending
	bind_created_device
	all_movable dax0.1
}

# The first of its memory is there when udev comes to know of the device.
configured_when_it_is_complete()
{
	destroy_created_device
	udevadm control --stop-exec-queue
	echo 1 >"$region/create"
	echo "$created_bytes" >"$dax_devices/dax0.1/size"
	udevadm control --start-exec-queue
	is_pending
	echo "$((2 * created_bytes))" >"$dax_devices/dax0.1/size"
	bind_created_device
	all_movable dax0.1
	expect "$(blocks_of dax0.1 | wc -l)" "$((2 * created_bytes / $(block_bytes)))"
}

make_step_by_step()
{
	make_seed
	bind_created_device
}

created_device_fails_once()
{
	destroy_created_device
	fails_once dax0.1 make_step_by_step
}

next_created_device_is_configured()
{
	daxctl destroy-device --force dax0.1
	wait_until_quiet
	create_device
	wait_until_quiet
	all_movable dax0.1
}

without_a_section_in_devdax_mode()
{
	create_device
	wait_until_quiet
	in_devdax_mode dax0.2
	expect "$(systemctl is-active daxdev-reconfigure@dev-dax0.2.service)" active
}

ok "after boot, every block is in ZONE_MOVABLE" all_movable
ok "devdax mode, chosen by hand, stays" devdax_stays dax0.0
ok "it survives events that tell of no new device" survives_events
ok "daxctl reconfigure-device --check-config, by hand, acts" check_config_acts
ok "so does the unit when it is restarted" restarted_unit_acts
if has_unplugged; then
	ok "memory that is unplugged by hand stays so" unplugged_stays
fi
ok "the unit ends with the device" unit_ends_with_the_device
ok "a device that is made anew is configured again" device_comes_again
ok "what fails is tried once, though it has bound the device" device_fails_once
ok "the device after that is configured" after_a_failure_a_new_device_is_configured
region=$(realpath "$dax_devices/dax0.0")/../dax_region
ok "a device that daxctl create-device makes is configured" created_device_is_configured
ok "its devdax mode, chosen by hand, stays" devdax_of_created_device_stays
ok "a device that is made step by step is configured when it is bound" configured_when_it_is_bound
ok "so is one that udev finds half made" configured_when_it_is_complete
ok "what fails on such a device is tried once" created_device_fails_once
ok "the next one is configured" next_created_device_is_configured
ok "a device without a section stays in devdax mode" without_a_section_in_devdax_mode
boot_done
