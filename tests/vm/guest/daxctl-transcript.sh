#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# No test: prints what daxctl says and how it ends, for command after command, to
# be compared with what another build of it says.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

conf=/etc/daxctl.conf.d

# tell ARGUMENT...: runs daxctl with them.
tell()
{
	local status=0

	printf '# daxctl %s\n' "$*"
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	sed 's/^/stdout: /' /tmp/stdout
	sed 's/^/stderr: /' /tmp/stderr
	printf 'status %d; %s with %s: %s\n' "$status" "$(driver_of dax0.0)" "$(policy_of dax0.0)" \
		"$(block_summary dax0.0)"
}

tell list
tell list -DRM -u
tell list --dev=dax0.0 --region=0
tell list -r 7
tell list --blocks
tell reconfigure-device --online-type=movable --mode=system-ram --dry-run dax0.0
tell reconfigure-device --online-type=movable --mode=system-ram -v dax0.0
tell reconfigure-device --online-type=movable --mode=system-ram -u dax0.0
tell reconfigure-device --online-type=offline --mode=system-ram dax0.0
tell reconfigure-device --online-type=offline --mode=system-ram -f -v -r 0 all
tell list
tell list -u
tell list --blocks
tell list --blocks -u
tell reconfigure-device --online-type=offline --mode=system-ram -r 1 all
tell reconfigure-device --online-type=movable dax7.0
tell reconfigure-device --online-type=movable --no-online --mode=system-ram dax0.0
tell reconfigure-device --online-type=nonsense dax0.0
tell reconfigure-device --online-type=movable --bogus dax0.0
tell reconfigure-device -h
tell reconfigure-device --list-opts
tell reconfigure-device --mode=devdax dax0.0
tell reconfigure-device --mode=devdax --force dax0.0
tell reconfigure-device --mode=system-ram --no-online dax0.0
tell reconfigure-device --online-type=default dax0.0
printf '[reconfigure-device test]\ndax.target_node = 1\nonline-type = movable\n' >"$conf/test.conf"
tell reconfigure-device --check-config dax0.0
printf 'nonsense\n' >"$conf/test.conf"
tell reconfigure-device --check-config dax0.0
rm "$conf/test.conf"
tell reconfigure-device --check-config dax0.0
