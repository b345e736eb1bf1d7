#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl reconfigure-device --online-type, on a real kernel: every mode change, what is
# refused, the messages, and that a dry run changes nothing. Another test has memory in
# kernel zones, as it may not go offline again.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

# run STATUS ARGUMENT...: the extended daxctl must exit with that status; its output
# is in $stdout and $stderr.
run()
{
	local expected=$1 status=0

	shift
	daxctl "$@" >/tmp/stdout 2>/tmp/stderr || status=$?
	stdout=$(</tmp/stdout)
	stderr=$(</tmp/stderr)
	[[ $status = "$expected" ]] || fail "exit status $status, not $expected: $stderr"
}

reconfigure()
{
	local expected=$1

	shift
	run "$expected" reconfigure-device "$@" dax0.0
}

# json FILTER EXPECTED: what jq finds in the output.
json()
{
	expect "$(jq -c "$1" <<<"$stdout")" "$2"
}

says()
{
	[[ $stderr = *"$1"* ]] || fail "it does not say '$1' but: $stderr"
}

situation()
{
	printf '%s with %s: %s\n' "$(driver_of dax0.0)" "$(policy_of dax0.0)" "$(block_summary dax0.0)"
}

number=$(blocks_of dax0.0 | wc -l)

to_devdax()
{
	reconfigure 0 --mode=devdax --force
	expect "$(driver_of dax0.0)" device_dax
	all_blocks dax0.0 absent
}

from_the_start_loading_kmem()
{
	[[ ! -e $dax_drivers/kmem ]] || fail "kmem is loaded already"
	reconfigure 0 --online-type=movable --mode=system-ram
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 "online Movable"
	expect "$(</sys/bus/dax/drivers_autoprobe)" 1
}

there_and_back() # TYPE STATUS
{
	to_devdax
	reconfigure 0 --online-type="$1" --mode=system-ram
	expect "$(driver_of dax0.0)" kmem
	all_blocks dax0.0 "$2"
	says "reconfigured 1 device"
	to_devdax
}

there_and_back_under() # SYSTEM-DEFAULT TYPE STATUS
{
	local before

	before=$(system_default)
	set_system_default "$1"
	there_and_back "$2" "$3"
	set_system_default "$before"
}

prints_the_device()
{
	to_devdax
	reconfigure 0 --online-type=online-movable -m system-ram
	json '.[0] | [.chardev, .mode, .online_type, .movable]' \
		'["dax0.0","system-ram","online_movable",true]'
	json '.[0] | [.online_memblocks, .total_memblocks]' "[$number,$number]"
	json 'length' 1
	run 0 list --dev=dax0.0
	json '.[0].online_type' '"online_movable"'
	if has_unplugged; then
		json '.[0].memory_state' '"online_movable"'
	else
		json '.[0] | has("memory_state")' false
	fi
	reconfigure 0 -u --online-type=online_movable -m system-ram
	json '.chardev' '"dax0.0"'
}

has_upstreams_fields()
{
	local ours

	reconfigure 0 --online-type=online_movable -m system-ram
	ours=$(jq -c '.[0] | del(.online_type, .memory_state)' <<<"$stdout")
	expect "$ours" "$(/usr/bin/daxctl list -d dax0.0 | jq -c '.[0]')"
	reconfigure 0 -u --online-type=online_movable -m system-ram
	ours=$(jq -c 'del(.online_type, .memory_state)' <<<"$stdout")
	expect "$ours" "$(/usr/bin/daxctl list -u -d dax0.0 | jq -c .)"
}

does_nothing_twice()
{
	local before

	before=$(situation)
	reconfigure 0 --online-type=online_movable -m system-ram -v
	[[ $stderr != *write* ]] || fail "it wrote: $stderr"
	expect "$(situation)" "$before"
}

wants_force()
{
	local before

	before=$(situation)
	reconfigure 240 --online-type=offline -m system-ram
	says "$number of $number memory blocks are not offline: $number Movable"
	says --force
	expect "$stdout" ""
	expect "$(situation)" "$before"
}

forced()
{
	reconfigure 0 --online-type=offline -m system-ram -f
	expect "$(situation)" "kmem with offline: $number offline"
	reconfigure 0 --online-type=movable -m system-ram -f
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

straightens_one_block()
{
	local block

	block=$(blocks_of dax0.0 | sed -n 2p)
	echo offline >"$memory/memory$block/state"
	reconfigure 240 --online-type=movable -m system-ram
	says "1 of $number memory blocks is not in Movable: 1 offline"
	reconfigure 0 --online-type=movable -m system-ram --force
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

forces_a_policy()
{
	local before

	to_devdax
	before=$(system_default)
	set_system_default online_movable
	reconfigure 0 --online-type=default -m system-ram
	reconfigure 0 --online-type=movable -m system-ram
	says "warning: dax0.0: its memory is as asked already; its policy for the next bind stays 'default', without --force"
	expect "$(situation)" "kmem with default: $number online Movable"
	reconfigure 0 --online-type=movable -m system-ram --force
	expect "$(situation)" "kmem with online_movable: $number online Movable"
	set_system_default "$before"
}

policy_only()
{
	to_devdax
	set_policy dax0.0 default
	reconfigure 0 --online-type=movable
	expect "$(situation)" "device_dax with online_movable: $number absent"
	json '.[0].online_type' '"online_movable"'
	reconfigure 0 --online-type=default
	expect "$(policy_of dax0.0)" default
}

policy_only_when_bound()
{
	reconfigure 0 --online-type=movable -m system-ram
	reconfigure 0 --online-type=movable
	reconfigure 240 --online-type=offline
	says "'online_movable' cannot change"
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

dry_run_is_dry()
{
	local before planned

	to_devdax
	set_policy dax0.0 default
	before=$(situation)
	reconfigure 0 --online-type=movable -m system-ram --dry-run
	expect "$stdout" ""
	planned=$(grep -v '^dry run: nothing was changed$' <<<"$stderr")
	expect "$(situation)" "$before"
	says 'write "online_movable" to /sys/bus/dax/devices/dax0.0/online_type'
	reconfigure 0 --online-type=movable -m system-ram -v
	# The same words, with results, and "new_id" where kmem needs it.
	expect "$(grep -E '^dax0.0: (write|load|verify)' <<<"$stderr" |
		grep -v -e new_id -e remove_id -e 'No such device' | sed 's/: done$//')" \
		"$(grep -v -e "$([[ $stderr = *new_id* ]] && echo kmem/bind || echo '^$')" <<<"$planned")"
}

leaves_unplugged()
{
	reconfigure 0 -f --online-type=movable -m system-ram
	echo unplugged >"$dax_devices/dax0.0/state"
	reconfigure 0 --online-type=offline -m system-ram
	expect "$(situation)" "kmem with offline: $number offline"
	echo unplugged >"$dax_devices/dax0.0/state"
	reconfigure 0 --mode=devdax
	expect "$(situation)" "device_dax with offline: $number absent"
	json '.[0].mode' '"devdax"'
}

policy_unplugged()
{
	to_devdax
	set_policy dax0.0 default
	if has_unplugged; then
		reconfigure 0 --online-type=unplugged -m system-ram
		expect "$(situation)" "kmem with unplugged: $number absent"
		json '.[0] | [.memory_state, .online_memblocks]' '["unplugged",0]'
		reconfigure 0 --online-type=movable -m system-ram
	else
		reconfigure 234 --online-type=unplugged -m system-ram
		says "Invalid argument"
		expect "$(situation)" "device_dax with default: $number absent"
		reconfigure 0 --online-type=movable -m system-ram
	fi
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

counts_strays()
{
	local first last child status=0 attempt

	to_devdax
	first=$(first_block dax0.0)
	last=$(blocks_of dax0.0 | tail -n 1)
	strace -qq -o /dev/null -P "$memory/memory$first/valid_zones" -e trace=openat \
		-e inject=openat:delay_enter=3000000:when=1 \
		daxctl reconfigure-device --online-type=movable -m system-ram dax0.0 \
		>/tmp/stdout 2>/tmp/stderr &
	child=$!
	for ((attempt = 0; attempt < 200; attempt++)); do
		if [[ $(block_status "$last") = online* ]]; then
			break
		fi
		sleep 0.01
	done
	echo offline >"$memory/memory$last/state"
	wait "$child" || status=$?
	stdout=$(</tmp/stdout)
	stderr=$(</tmp/stderr)
	expect "$status" 64
	says "1 of $number memory blocks is not in Movable: 1 offline"
	json '.[0] | [.mode, .online_memblocks]' "[\"system-ram\",$((number - 1))]"
	expect "$(driver_of dax0.0)" kmem
}

# calls_for_blocks ARGUMENT...: prints how many system calls it makes for each block. Its
# files are in the trace with their names wherever a call is about one.
calls_for_blocks()
{
	local calls blocks

	strace -f -y -o /tmp/trace daxctl reconfigure-device "$@" dax0.0 >/dev/null 2>/tmp/stderr ||
		fail "$(</tmp/stderr)"
	calls=$(wc -l </tmp/trace)
	blocks=$(grep -c "^[0-9]* *[a-z0-9_]*(.*$memory/memory[0-9]" /tmp/trace)
	((calls - blocks <= 1000)) || fail "$calls system calls, $blocks of them for blocks"
	# The first one may be asked what holds for all of them.
	((blocks % number <= 4)) || fail "$blocks system calls for $number blocks"
	echo $((blocks / number))
}

takes_few_system_calls()
{
	to_devdax
	expect "$(calls_for_blocks --online-type=movable -m system-ram)" 2
	expect "$(calls_for_blocks --online-type=movable -m system-ram)" 2
	# Without state, each one is written to, and read again: unbinding it while it is
	# online would lose it.
	expect "$(calls_for_blocks -m devdax --force)" "$(if has_unplugged; then echo 2; else echo 6; fi)"
}

refuses_no_online()
{
	to_devdax
	set_policy dax0.0 online_movable
	reconfigure 240 --mode=system-ram --no-online
	says "its policy 'online_movable' will auto-online memory"
	expect "$(situation)" "device_dax with online_movable: $number absent"
	set_policy dax0.0 offline
	reconfigure 0 --mode=system-ram --no-online
	expect "$(situation)" "kmem with offline: $number offline"
	to_devdax
	set_policy dax0.0 online_movable
	reconfigure 0 --mode=system-ram --no-online --force
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

# Whoever can open the file can make daxctl wait for ever.
locks_what_only_root_can_open()
{
	local mode

	to_devdax
	strace -o /tmp/trace -e trace=openat,flock daxctl reconfigure-device --online-type=movable \
		-m system-ram dax0.0 >/dev/null 2>&1
	grep -q /sys/bus/dax/drivers_probe <<<"$(grep -B 1 flock /tmp/trace)"
	for mode in if of; do
		if setpriv --reuid 65534 --regid 65534 --clear-groups \
			dd $mode=/sys/bus/dax/drivers_probe count=0 status=none 2>/dev/null; then
			fail "nobody can open it ($mode)"
		fi
	done
}

# What is printed must not go to a file that has got the number of a closed stream.
writes_only_what_it_means()
{
	to_devdax
	set_policy dax0.0 default
	strace -qq -y -o /tmp/trace -e trace=write sh -c \
		'exec daxctl reconfigure-device -v --online-type=movable dax0.0 <&- >&- 2>&-'
	expect "$(policy_of dax0.0)" online_movable
	expect "$(grep -vc '</dev/null>' /tmp/trace)" 1
}

waits_for_another()
{
	local first second

	to_devdax
	daxctl reconfigure-device --online-type=movable -m system-ram dax0.0 >/tmp/1 2>&1 &
	first=$!
	daxctl reconfigure-device --online-type=movable -m system-ram dax0.0 >/tmp/2 2>&1 &
	second=$!
	wait "$first" || fail "the first: $(</tmp/1)"
	wait "$second" || fail "the second: $(</tmp/2)"
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

no_such_device()
{
	run 250 reconfigure-device --online-type=movable dax7.7
	says "No such device or address"
	says "reconfigured 0 devices"
}

for_nobody()
{
	local before status=0

	to_devdax
	before=$(situation)
	setpriv --reuid 65534 --regid 65534 --clear-groups daxctl reconfigure-device \
		--online-type=movable -m system-ram dax0.0 2>/tmp/stderr || status=$?
	stderr=$(</tmp/stderr)
	expect "$status" 243
	says "Permission denied"
	expect "$(situation)" "$before"
}

ok "a device comes online under its policy, also when kmem must be loaded first" from_the_start_loading_kmem
ok "online_movable: there and back, whatever the system default" there_and_back_under online movable "online Movable"
ok "offline: there and back, whatever the system default" there_and_back_under online_movable offline offline
ok "default: there and back, under the system default" there_and_back_under online_movable default "online Movable"
ok "default follows the system default" there_and_back_under offline default offline
ok "the JSON has the device, its policy and its memory" prints_the_device
ok "the JSON has upstream's fields with upstream's values" has_upstreams_fields
ok "a device that is as requested already is left alone" does_nothing_twice
ok "memory that is in the way is named, and stays without --force" wants_force
ok "--force unplugs the memory and adds it again" forced
ok "--force corrects a single stray block" straightens_one_block
ok "a policy that differs from where the memory is right needs --force" forces_a_policy
ok "without --mode only the policy changes" policy_only
ok "without --mode the policy of bound memory is refused, unless it is the same" policy_only_when_bound
ok "a dry run changes nothing and announces what is then done" dry_run_is_dry
if has_unplugged; then
	ok "a device left unplugged can be reconfigured, and goes back to devdax" leaves_unplugged
fi
ok "the policy unplugged adds no memory, or is refused where the kernel lacks it" policy_unplugged
ok "blocks in another state or zone at the end are counted, with status 64" counts_strays
ok "no block takes more than 6 system calls, in or out" takes_few_system_calls
ok "--no-online is refused if the device's policy would online it" refuses_no_online
ok "two at the same moment both succeed" waits_for_another
ok "closed standard streams do no harm" writes_only_what_it_means
ok "the lock is one that an ordinary user cannot take" locks_what_only_root_can_open
ok "a device that does not exist is an error" no_such_device
ok "an ordinary user is refused, and changes nothing" for_nobody
done_testing
