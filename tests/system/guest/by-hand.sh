#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What somebody changes by hand after boot stays until the device goes; the device that comes
# then is configured again. Wants the files of sections.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

unit=daxdev-reconfigure@dev-dax0.0.service

all_movable()
{
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem online_movable"
	all_blocks dax0.0 "online Movable"
}

devdax_stays()
{
	daxctl reconfigure-device --mode=devdax --force dax0.0
	wait_until_quiet
	expect "$(driver_of dax0.0)" device_dax
	all_blocks dax0.0 absent
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
	expect "$(driver_of dax0.0)" device_dax
	all_blocks dax0.0 absent
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

# A unit that fails after it has bound the device anew, as daxctl does when it rolls back.
fails_once()
{
	local directory=/run/systemd/system/daxdev-reconfigure@.service.d

	remove_device
	mkdir -p "$directory"
	cat >/root/fail <<'END3'
#!/bin/sh
echo run >>/root/runs
echo dax0.0 >/sys/bus/dax/devices/dax0.0/driver/unbind
echo dax0.0 >/sys/bus/dax/drivers/kmem/bind
exit 1
END3
	chmod +x /root/fail
	printf '[Service]\nExecStart=\nExecStart=/root/fail\n' >"$directory/fail.conf"
	systemctl daemon-reload
	make_dax_device
	wait_until_quiet
	sleep 3
	wait_until_quiet
	expect "$(systemctl is-active "$unit")" failed
	expect "$(wc -l </root/runs)" 1
	rm -r "$directory"
	systemctl daemon-reload
}

after_a_failure_a_new_device_is_configured()
{
	remove_device
	device_comes_again
}

ok "after boot, every block is in ZONE_MOVABLE" all_movable
ok "devdax mode, chosen by hand, stays" devdax_stays
ok "it survives events that tell of no new device" survives_events
ok "daxctl reconfigure-device --check-config, by hand, acts" check_config_acts
ok "so does the unit when it is restarted" restarted_unit_acts
if has_unplugged; then
	ok "memory that is unplugged by hand stays so" unplugged_stays
fi
ok "the unit ends with the device" unit_ends_with_the_device
ok "a device that is made anew is configured again" device_comes_again
ok "what fails is tried once, though it has bound the device" fails_once
ok "the device after that is configured" after_a_failure_a_new_device_is_configured
boot_done
