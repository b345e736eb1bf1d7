#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl while another program changes the same things: a rule that onlines every
# memory block it sees, a program that writes policies, another daxctl. The result
# is what daxctl reports, and no memory is lost except where the kernel does not let
# daxctl prevent it.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

number=$(blocks_of dax0.0 | wc -l)
blocks=$(blocks_of dax0.0)
rounds=3

situation()
{
	printf '%s with %s: %s\n' "$(driver_of dax0.0)" "$(policy_of dax0.0)" "$(block_summary dax0.0)"
}

reconfigure() # ARGUMENT...: its status is left in $status
{
	status=0
	daxctl reconfigure-device "$@" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
}

succeeds() # ARGUMENT...
{
	reconfigure "$@"
	[[ $status = 0 ]] || fail "exit status $status: $(</tmp/stderr)"
}

is_one_of() # WORD WORD...
{
	[[ " ${*:2} " = *" $1 "* ]] || fail "$1 is none of ${*:2}: $(</tmp/stderr)"
}

says() # PATTERN
{
	grep -q "$1" /tmp/stderr || fail "it does not say '$1' but: $(</tmp/stderr)"
}

# --- the others --------------------------------------------------------------

# As the rules of some distributions do, in the zone that it can leave again.
online_every_block()
{
	local block

	while :; do
		for block in $blocks; do
			echo online_movable 2>/dev/null >"$memory/memory$block/state" || : "there is none, or it is online"
		done
		sleep 0.01
	done
}

# Once all are offline, and have been for a second.
online_late()
{
	until [[ $(block_summary dax0.0) = "$number offline" ]]; do
		sleep 0.01
	done
	sleep 1
	online_every_block
}

write_policies()
{
	while :; do
		set_policy dax0.0 offline || : "it is bound"
		set_policy dax0.0 online_movable || : "likewise"
	done
}

# with OTHER COMMAND...: runs COMMAND while OTHER runs in the background, until
# COMMAND fails.
with()
{
	local other status

	"$1" >/dev/null 2>&1 &
	other=$!
	set +e
	(set -e; "${@:2}")
	status=$?
	set -e
	kill "$other"
	wait "$other" || : "it was killed"
	return "$status"
}

# nothing_is_lost: undisturbed, all of the memory can be unplugged.
nothing_is_lost()
{
	succeeds --mode=system-ram --online-type=movable --force
	all_blocks dax0.0 "online Movable"
	succeeds --mode=devdax --force
	expect "$(driver_of dax0.0)" device_dax
	all_blocks dax0.0 absent
	if dmesg | grep -E 'cannot be hotremoved|stuck online'; then
		fail "memory was lost"
	fi
}

# --- what is tested ----------------------------------------------------------

in_devdax()
{
	succeeds --mode=devdax --force
	set_policy dax0.0 default
}

binds_movable()
{
	succeeds --mode=system-ram --online-type=movable
	expect "$(situation)" "kmem with online_movable: $number online Movable"
}

in_each_round() # COMMAND...: while the rule runs
{
	local round

	for ((round = 0; round < rounds; round++)); do
		in_devdax
		with online_every_block "$@"
	done
	nothing_is_lost
}

a_rule_comes_too_late()
{
	set_system_default offline
	in_each_round binds_movable
}

# daxctl reports what it has seen; then the rule goes on.
binds_offline()
{
	reconfigure --mode=system-ram --online-type=offline
	is_one_of "$status" 0 64
	expect "$(driver_of dax0.0) $(policy_of dax0.0)" "kmem offline"
	if [[ $status = 64 ]]; then
		says "of $number memory blocks .* not offline: [0-9]* Movable"
	fi
}

a_rule_against_offline()
{
	in_each_round binds_offline
}

forced_moves()
{
	local round before

	for ((round = 0; round < rounds; round++)); do
		before=$(policy_of dax0.0)
		reconfigure --mode=system-ram --online-type=offline --force
		is_one_of "$status" 0 64 240
		expect "$(driver_of dax0.0)" kmem
		if [[ $status = 240 ]]; then
			expect "$(policy_of dax0.0)" "$before"
			says "its mode is unchanged: system-ram"
		fi
		reconfigure --mode=system-ram --online-type=movable --force
		is_one_of "$status" 0 64 240
	done
}

a_rule_while_it_is_taken_out()
{
	succeeds --mode=system-ram --online-type=movable --force
	with online_every_block forced_moves
	nothing_is_lost
}

# Where memory is offlined block by block, a rule that runs all the time could make it
# lost by chance. So it runs at a moment with a known outcome.
# delayed PATH ARGUMENT...: opening PATH takes three seconds.
delayed()
{
	status=0
	strace -qq -o /dev/null -P "$1" -e trace=openat -e inject=openat:delay_enter=3000000 \
		daxctl reconfigure-device "${@:2}" dax0.0 >/tmp/stdout 2>/tmp/stderr || status=$?
}

refused_at_the_last_look()
{
	delayed "$memory/memory$(tail -n 1 <<<"$blocks")/state" \
		--mode=system-ram --online-type=offline --force
	expect "$status" 240
	says 'of its memory blocks are not offline'
	says 'its mode is unchanged: system-ram, with the policy .online_movable'
}

a_rule_before_the_last_look()
{
	succeeds --mode=system-ram --online-type=movable --force
	with online_late refused_at_the_last_look
	nothing_is_lost
}

lost_at_the_unbind()
{
	delayed "$dax_drivers/kmem/unbind" --mode=system-ram --online-type=offline --force
	expect "$status" 240
	says "could not remove $number of its memory blocks"
	says 'restart the system to get it back'
	says 'its mode is now: disabled, with the policy .online_movable'
}

# This kernel loses memory then: daxctl reports it, and it stays usable as memory.
a_rule_after_the_last_look()
{
	succeeds --mode=system-ram --online-type=movable --force
	with online_late lost_at_the_unbind
	expect "$(situation)" "none with online_movable: $number online Movable"
}

binds_with_any_policy()
{
	local round

	for ((round = 0; round < rounds; round++)); do
		succeeds --mode=devdax --force
		reconfigure --mode=system-ram --online-type=movable
		is_one_of "$status" 0 64
		case $status in
		0) expect "$(situation)" "kmem with online_movable: $number online Movable" ;;
		64) expect "$(situation)" "kmem with offline: $number offline" ;;
		esac
	done
}

another_writes_policies()
{
	in_devdax
	with write_policies binds_with_any_policy
	nothing_is_lost
}

two_with_different_wishes()
{
	local round one two statuses

	for ((round = 0; round < rounds; round++)); do
		in_devdax
		daxctl reconfigure-device --mode=system-ram --online-type=movable dax0.0 >/dev/null 2>&1 &
		one=$!
		daxctl reconfigure-device --mode=system-ram --online-type=offline dax0.0 >/dev/null 2>&1 &
		two=$!
		statuses=
		wait "$one" || statuses+=" movable $?"
		wait "$two" || statuses+=" offline $?"
		# The second one finds the memory in another zone, and has no --force.
		case $statuses in
		" movable 240") expect "$(situation)" "kmem with offline: $number offline" ;;
		" offline 240") expect "$(situation)" "kmem with online_movable: $number online Movable" ;;
		*) fail "they ended with$statuses" ;;
		esac
	done
	nothing_is_lost
}

upstreams_takes_it_away()
{
	local round other status

	for ((round = 0; round < rounds; round++)); do
		in_devdax
		/usr/bin/daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null 2>&1 &
		other=$!
		reconfigure --mode=system-ram --online-type=movable
		wait "$other" || : "it may lose"
		# Either may be first; the extended one reports what it did not do.
		if [[ $status != 0 ]]; then
			says '^dax0.0: '
		fi
	done
	nothing_is_lost
}

ok "the memory is in its zone before a rule can online it elsewhere" a_rule_comes_too_late
ok "a rule that onlines memory under offline is reported with status 64" a_rule_against_offline
if has_unplugged; then
	ok "a rule that onlines memory being offlined fails the command, or comes too late" \
		a_rule_while_it_is_taken_out
else
	ok "a rule that onlines memory being offlined fails the command" a_rule_before_the_last_look
fi
ok "memory in a wrong zone is reported when a program writes policies meanwhile" another_writes_policies
ok "of two conflicting commands, one is refused" two_with_different_wishes
ok "upstream's daxctl at the same moment loses no memory" upstreams_takes_it_away
# The last one, as the device cannot be used afterwards.
if ! has_unplugged; then
	ok "what a rule onlines at the unbind is lost, and daxctl says so" a_rule_after_the_last_look
fi
done_testing
