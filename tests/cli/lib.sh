# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shared by the tests of the executable: a /sys with dax devices and no kernel behind
# it (umockdev), running the extended and upstream's daxctl there, and TAP.
# Sourced, after "set -euo pipefail". meson gives DAXCTL, the executable.

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# --- the mocked /sys ---------------------------------------------------------

# device REGION INSTANCE [ATTRIBUTE=VALUE...]: prints the record of a dax device
# of 1 GiB, with the attributes that every one has and these besides.
device()
{
	local region=$1 instance=$2 attribute start

	shift 2
	start=$((0x100000000 + region * 0x40000000 + instance * 0x20000000))
	printf 'P: /devices/platform/hmem.%d/dax%d.%d\n' "$region" "$region" "$instance"
	printf 'N: dax%d.%d\nE: SUBSYSTEM=dax\nE: DEVNAME=/dev/dax%d.%d\n' \
		"$region" "$instance" "$region" "$instance"
	printf 'A: resource=0x%x\\n\n' "$start"
	for attribute in size=1073741824 align=2097152 target_node=1 numa_node=0 \
		modalias=dax:t0 dev="252:$((region * 10 + instance))" "$@"; do
		printf 'A: %s\\n\n' "$attribute"
	done
	printf '\n'
}

# region REGION: prints the record of the region that such devices are on.
region()
{
	printf 'P: /devices/platform/hmem.%d\nE: SUBSYSTEM=platform\n' "$1"
	printf 'A: dax_region/id=%d\\n\n' "$1"
	printf 'A: dax_region/%s\\n\n' size=4294967296 available_size=0 align=2097152
	printf '\n'
}

# on_system FUNCTION [ARGUMENT...]: runs it with the recorded devices of
# $work/devices in /sys, in a shell that has all functions of the script. There
# are drivers that nothing binds to, 128 MiB memory blocks, and no memory.
on_system()
{
	# shellcheck disable=SC2016 # for the inner shell to expand
	umockdev-run --device "$work/devices" -- bash -euo pipefail -c '
		sys=$UMOCKDEV_DIR/sys
		mkdir -p "$sys"/devices/system/memory "$sys"/bus/dax/drivers/{kmem,device_dax}
		echo 8000000 >"$sys/devices/system/memory/block_size_bytes"
		echo offline >"$sys/devices/system/memory/auto_online_blocks"
		touch "$sys"/bus/dax/drivers/{kmem,device_dax}/{bind,unbind,new_id,remove_id}
		echo 1 >"$sys/bus/dax/drivers_autoprobe"
		"$@"' bash "$@"
}

# bound DEVICE DRIVER: as if that driver held it.
bound()
{
	local region=${1#dax}

	# shellcheck disable=SC2154 # assigned in on_system
	ln -s "../../../../bus/dax/drivers/$2" \
		"$sys/devices/platform/hmem.${region%.*}/$1/driver"
}

# block NUMBER STATE ZONES: as if the kernel had hot-added it.
block()
{
	mkdir -p "$sys/devices/system/memory/memory$1"
	echo "$2" >"$sys/devices/system/memory/memory$1/state"
	echo "$3" >"$sys/devices/system/memory/memory$1/valid_zones"
}

# --- running daxctl ----------------------------------------------------------

# run STATUS ARGUMENT...: the extended daxctl must exit with that status; its output
# is in $stdout and $stderr. The function $as runs it, if that is set.
run()
{
	local expected=$1 status=0

	shift
	${as-} "$DAXCTL" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	# shellcheck disable=SC2034 # for the caller
	stdout=$(<"$work/stdout")
	stderr=$(<"$work/stderr")
	[[ $status = "$expected" ]] ||
		fail "daxctl $*: exit status $status, not $expected: $stderr"
}

# unprivileged COMMAND...: also root obeys the modes of files.
unprivileged()
{
	if ((EUID == 0)); then
		setpriv --bounding-set=-dac_override,-dac_read_search "$@"
	else
		"$@"
	fi
}

says()
{
	[[ $stderr = *"$1"* ]] || fail "it does not say '$1' but: $stderr"
}

# same ARGUMENT...: the extended and upstream's must agree in output and status.
same()
{
	local extended=0 upstream=0

	"$DAXCTL" "$@" >"$work/extended-stdout" 2>"$work/extended-stderr" </dev/null || extended=$?
	/usr/bin/daxctl "$@" >"$work/upstream-stdout" 2>"$work/upstream-stderr" </dev/null || upstream=$?
	[[ $extended = "$upstream" ]] || fail "daxctl $*: status $extended, not $upstream"
	cmp -s "$work/extended-stdout" "$work/upstream-stdout" ||
		fail "daxctl $*: stdout: $(diff "$work/extended-stdout" "$work/upstream-stdout")"
	cmp -s "$work/extended-stderr" "$work/upstream-stderr" ||
		fail "daxctl $*: stderr: $(diff "$work/extended-stderr" "$work/upstream-stderr")"
}

# relay_to BODY: makes RELAY run a script with that body as upstream's daxctl.
relay_to()
{
	printf '#!/bin/bash\n%s\n' "$1" >"$work/distribution"
	chmod +x "$work/distribution"
	ln -sf "$work/distribution" "$RELAY_LINK"
}

# config NAME: a configuration file of RELAY; its text comes from standard input.
config()
{
	mkdir -p "$RELAY_CONFIG"
	cat >"$RELAY_CONFIG/$1"
}

# --- TAP ---------------------------------------------------------------------

tap_count=0

fail()
{
	printf '%s\n' "$*" >&2
	exit 1
}

# expect ACTUAL EXPECTED
expect()
{
	[[ $1 = "$2" ]] || fail "expected: $2, found: $1"
}

# ok STATEMENT COMMAND...: one test, passed if the command succeeds.
ok()
{
	local statement=$1 status

	shift
	tap_count=$((tap_count + 1))
	# In a list the shell would ignore "set -e" in every function.
	set +e
	(set -e; "$@") >"$work/output" 2>&1
	status=$?
	set -e
	if ((status == 0)); then
		printf 'ok %d - %s\n' "$tap_count" "$statement"
	else
		printf 'not ok %d - %s\n' "$tap_count" "$statement"
		sed 's/^/# /' "$work/output"
	fi
}

done_testing()
{
	printf '1..%d\n' "$tap_count"
}

# Functions must reach the shell inside of umockdev-run.
export_functions()
{
	local name

	for name in $(compgen -A function); do
		export -f "${name?}"
	done
	export work DAXCTL RELAY RELAY_LINK
}
