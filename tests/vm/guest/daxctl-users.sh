#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A dax device that a process has open or mapped. The kernel unbinds it all the same, and
# the process gets SIGBUS; daxctl names the process, and wants --force.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

movable=(--online-type=movable --mode=system-ram)
conf=/etc/daxctl.conf.d

run() # STATUS ARGUMENT...
{
	local expected=$1 status=0

	shift
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
	[[ $status = "$expected" ]] || fail "exit status $status: $(</tmp/stderr)"
}

says()
{
	grep -qxF -e "$1" /tmp/stderr || fail "it does not say '$1' but: $(</tmp/stderr)"
}

in_devdax()
{
	if [[ $(driver_of dax0.0) != device_dax ]]; then
		run 0 --mode=devdax --force
	fi
	set_policy dax0.0 default
}

# hold open|mapped: in the background, as ${HOLD_PID}. "is_there" when it has it.
hold()
{
	in_devdax
	coproc HOLD { exec ./hold-dax "$1" /dev/dax0.0 2>&1; }
	is_there
}

is_there()
{
	local line

	read -r -t 30 line <&"${HOLD[0]}" || fail "there is no answer from the process"
	expect "$line" there
}

# ends_with STATUS: the process, which is asked to write one more line, and then to end.
ends_with()
{
	local pid=$HOLD_PID input=${HOLD[1]} status=0

	echo >&"$input" || : "it may have ended"
	exec {input}>&-
	wait "$pid" || status=$?
	expect "$status" "$1"
}

keeps_its_device() # open|mapped
{
	local pid

	hold "$1"
	pid=$HOLD_PID
	run 240 "${movable[@]}"
	says "dax0.0: error: these processes have /dev/dax0.0 open or mapped: $pid (hold-dax)"
	says "dax0.0: end them; with --force they lose it, and get SIGBUS when they access memory that they have mapped"
	run 240 "${movable[@]}" --dry-run
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "device_dax default"
	echo >&"${HOLD[1]}"
	is_there
	ends_with 0
	run 0 "${movable[@]}"
	all_blocks dax0.0 "online Movable"
}

loses_it_by_force() # open|mapped STATUS
{
	local pid

	hold "$1"
	pid=$HOLD_PID
	run 0 "${movable[@]}" --force
	says "warning: dax0.0: these processes lose /dev/dax0.0, and get SIGBUS if they have it mapped: $pid (hold-dax)"
	all_blocks dax0.0 "online Movable"
	ends_with "$2"
}

# with_section COMMAND...: beside a section without a policy, which upstream daxctl carries
# out; it asks nobody.
with_section()
{
	mkdir -p "$conf"
	printf '[reconfigure-device test]\ndax.path = *\nmode = system-ram\n' >"$conf/test.conf"
	"$@"
	rm "$conf/test.conf"
}

is_not_configured()
{
	local pid

	hold mapped
	pid=$HOLD_PID
	run 240 --check-config
	says "dax0.0: error: these processes have /dev/dax0.0 open or mapped: $pid (hold-dax)"
	says "dax0.0: end them; with --force they lose it, and get SIGBUS when they access memory that they have mapped"
	run 240 --check-config --dry-run
	expect "$(driver_of dax0.0)" device_dax
	echo >&"${HOLD[1]}"
	is_there
	ends_with 0
	run 0 --check-config
	all_blocks dax0.0 "online Movable"
}

is_configured_by_force()
{
	local pid

	hold mapped
	pid=$HOLD_PID
	run 0 --check-config --force
	says "warning: dax0.0: these processes lose /dev/dax0.0, and get SIGBUS if they have it mapped: $pid (hold-dax)"
	all_blocks dax0.0 "online Movable"
	ends_with $((128 + $(kill -l BUS)))
}

# Nothing is unbound for that.
can_have_its_policy_set()
{
	hold mapped
	run 0 --online-type=movable
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "device_dax online_movable"
	ends_with 0
}

set_system_default offline
modprobe kmem
ok "a device that a process has open is not taken from it" keeps_its_device open
ok "a device that a process only has mapped is not taken from it" keeps_its_device mapped
ok "--force takes it from a process that has it open" loses_it_by_force open 0
ok "--force takes it from a process that has it mapped, and SIGBUS ends that" \
	loses_it_by_force mapped $((128 + $(kill -l BUS)))
ok "a section without a policy does not take it either" with_section is_not_configured
ok "--force makes that section take it" with_section is_configured_by_force
ok "the policy of a device in use can be set" can_have_its_policy_set
done_testing
