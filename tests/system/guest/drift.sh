#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl-status.service is a failed unit as long as a device is not as configured, and the
# timer runs it. Wants the files of sections and unplugged.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

unit=daxctl-status.service

succeeds()
{
	systemctl start "$unit"
	expect "$(systemctl show --value --property=Result "$unit")" success
}

fails_on_drift()
{
	local block

	block=$(blocks_of dax0.0 | tail -n 1)
	echo offline >"$memory/memory$block/state"
	if systemctl start "$unit"; then
		fail "it does not fail"
	fi
	expect "$(systemctl show --value --property=ExecMainStatus "$unit")" 64
	grep -q "^$unit" <<<"$(systemctl --failed --no-legend --plain)"
	grep -q dax0.0 <<<"$(journalctl --unit="$unit" --output=cat)"
	echo online_movable >"$memory/memory$block/state"
}

timer_is_nobodys_before_it_is_enabled()
{
	expect "$(systemctl is-enabled daxctl-status.timer || : "disabled is 1")" disabled
	systemctl enable --now daxctl-status.timer
	grep -q "daxctl-status.timer *$unit" <<<"$(systemctl list-timers --no-legend)"
}

timer_can_be_disabled()
{
	systemctl disable --now daxctl-status.timer
	expect "$(systemctl is-enabled daxctl-status.timer || : "disabled is 1")" disabled
	! grep daxctl-status.timer <<<"$(systemctl list-timers --no-legend)"
}

ok "the unit succeeds while the device is as configured" succeeds
ok "it fails on drift, and its journal names the device" fails_on_drift
ok "it succeeds again when the drift is gone" succeeds
ok "the timer runs it, once it is enabled" timer_is_nobodys_before_it_is_enabled
ok "it does not, once it is disabled" timer_can_be_disabled
boot_done
