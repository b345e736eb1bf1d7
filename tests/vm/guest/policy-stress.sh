#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything at once, for a while: processes write policies and parameters, bind and
# unbind devices, and online and offline their memory blocks; first without failures,
# then, without onlining, while allocations fail. No device may end in an invalid
# state, and each has to work afterwards. Then each kind of change runs with every
# single one of its allocations failing. The failures need a debug kernel; other
# kernels skip them.
# usage: policy-stress.sh [SECONDS]
#
# No process unbinds a device whose memory is online, as that leaks it by design:
# binding and unbinding takes the device's lock, changing its blocks shares it. And no
# memory goes online in a kernel zone, as it might not go offline again.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

seconds=${1:-20}
devices=(dax0.1 dax0.2)
policies=(default offline online_movable)
if has_unplugged; then
	policies+=(unplugged)
fi
system_defaults=(offline online_movable)
parameter=/sys/module/dax_$MACHINE/parameters/online_type
injected=/sys/kernel/debug/failslab
notifiers=/sys/kernel/debug/notifier-error-inject/memory/actions
# Opening it later could fail, like everything else.
exec {null}>/dev/null

can_fail_on_demand()
{
	[[ -d $injected ]]
}

# pick VARIABLE ITEM...: sets it to a random one of them.
pick()
{
	local -n picked=$1
	local items=("${@:2}")

	# shellcheck disable=SC2034 # a reference
	picked=${items[RANDOM % ${#items[@]}]}
}

# put TEXT FILE: writes it; false if it is refused.
put()
{
	{ echo "$1" >"$2"; } 2>&"$null"
}

complain()
{
	echo "$*" >>/run/complaints
}

nobody_complained()
{
	[[ ! -s /run/complaints ]] || fail "$(sort /run/complaints | uniq -c)"
}

# --- the processes ----------------------------------------------------------

# Each picks a random target, and counts what succeeded.

change_policy()
{
	local device text

	pick device "${devices[@]}"
	pick text "${policies[@]}" nonsense
	if change put "$text" "$dax_devices/$device/online_type"; then
		[[ $text != nonsense ]] || complain "nonsense was accepted as a policy"
		done_it policies
	fi
	text=$(policy_of "$device")
	[[ " ${policies[*]} " = *" $text "* ]] || complain "the policy of $device was '$text'"
}

change_parameter()
{
	local text

	pick text "${policies[@]}" nonsense
	if change put "$text" "$parameter"; then
		[[ $text != nonsense ]] || complain "nonsense was accepted as a parameter"
		done_it parameters
	fi
	pick text "${system_defaults[@]}"
	if change put "$text" "$memory/auto_online_blocks"; then
		done_it system_defaults
	fi
}

change_driver()
{
	local device

	pick device "${devices[@]}"
	exec {lock}>"/run/$device.lock"
	flock "$lock"
	if [[ $(driver_of "$device") = none ]]; then
		if change put "$device" "$dax_drivers/kmem/bind"; then
			done_it binds
			bound_as_its_policy_says "$device"
		fi
	elif out "$device"; then
		unbind "$device"
		done_it unbinds
		all_absent "$device" || complain "$device left blocks behind: $(block_summary "$device")"
	fi
	exec {lock}>&-
}

# bound_as_its_policy_says DEVICE: compares, while nobody can change it.
bound_as_its_policy_says()
{
	local policy number found

	policy=$(policy_of "$1")
	number=$(blocks_of "$1" | wc -l)
	found=$(block_summary "$1")
	case $policy:$found in
	"unplugged:$number absent") ;;
	"offline:$number offline") ;;
	"online_movable:$number online Movable") ;;
	"default:$number offline" | "default:$number online Movable") ;;
	*) complain "$policy gave $1: $found" ;;
	esac
}

change_block()
{
	local device block blocks text

	pick device "${devices[@]}"
	exec {lock}>"/run/$device.lock"
	flock --shared "$lock"
	mapfile -t blocks < <(blocks_of "$device")
	pick block "${blocks[@]}"
	pick text "${system_defaults[@]}"
	if [[ -e $memory/memory$block ]] && change put "$text" "$memory/memory$block/state"; then
		done_it "$text"
	fi
	exec {lock}>&-
}

# use_memory: uses memory of the devices, if there is any. Its pages move when
# blocks go offline.
use_memory()
{
	local file=/tmp/used.$BASHPID

	if numactl --preferred="$node" dd if=/dev/zero of="$file" bs=64k count=128 2>/dev/null; then
		done_it uses
		echo 1 >/proc/sys/vm/compact_memory
		rm "$file"
	fi
}

done_it()
{
	: >"/run/happened.$1"
	counts[$1]=$((${counts[$1]:-0} + 1))
}

# change COMMAND...: with failures, in that phase.
change()
{
	local status=0

	if [[ $faults = yes ]]; then
		echo 1 >&"$make_it_fail"
	fi
	"$@" || status=$?
	if [[ $faults = yes ]]; then
		until echo 0 >&"$make_it_fail"; do :; done 2>&"$null"
	fi
	return "$status"
}

# process SEED WHAT...: runs until the end.
process()
{
	local -A counts=()
	local lock make_it_fail what

	RANDOM=$1
	if [[ $faults = yes ]]; then
		exec {make_it_fail}>"/proc/$BASHPID/make-it-fail"
	fi
	while [[ ! -e /run/over ]]; do
		"${@:2}"
	done
	for what in "${!counts[@]}"; do
		echo "$what ${counts[$what]}"
	done >"/run/counts.$1"
}

# --- one run ----------------------------------------------------------------

# all_have_happened: true if each kind of change has.
all_have_happened()
{
	local what

	for what in "${happening[@]}"; do
		[[ -e /run/happened.$what ]] || return 1
	done
}

# run: all of them at once, for some seconds; on a busy host for longer, until each
# kind of change has happened.
run()
{
	local seed=0 what pids=() pid attempt

	rm -f /run/over /run/complaints /run/counts.* /run/happened.*
	for what in change_policy change_policy change_parameter change_driver change_driver \
		change_block change_block use_memory; do
		seed=$((seed + 1))
		process "$seed" "$what" 2>>"/run/complaints" &
		pids+=($!)
	done
	sleep "$seconds"
	for ((attempt = 0; attempt < 15 * seconds; attempt++)); do
		all_have_happened && break
		sleep 1
	done
	touch /run/over
	for pid in "${pids[@]}"; do
		wait "$pid" || complain "a process ended with status $?"
	done
	nobody_complained
}

# each_happened: fails if one did not, as that was not tested.
each_happened()
{
	local what number

	for what in "${happening[@]}"; do
		number=$(cat /run/counts.* | awk -v what="$what" '$1 == what { n += $2 } END { print n + 0 }')
		echo "# $what: $number" >&3
		((number > 0)) || fail "$what never happened"
	done
}

# out DEVICE: unplugs its memory, if that is possible now.
out()
{
	local attempt

	for ((attempt = 0; attempt < 3; attempt++)); do
		take_out "$1" 2>/dev/null || : "the blocks tell"
		if [[ $(block_summary "$1") != *online* ]]; then
			return
		fi
	done
	return 1
}

all_absent()
{
	[[ $(block_summary "$1") = "$(blocks_of "$1" | wc -l) absent" ]]
}

# is_as_new DEVICE: true if nothing has left a trace.
is_as_new()
{
	if [[ $(driver_of "$1") = kmem ]]; then
		take_out "$1"
		unbind "$1"
	fi
	all_blocks "$1" absent
	set_policy "$1" online_movable
	bind "$1" kmem
	all_blocks "$1" "online Movable"
	take_out "$1"
	unbind "$1"
	set_policy "$1" offline
	bind "$1" kmem
	all_blocks "$1" offline
	unbind "$1"
	all_blocks "$1" absent
}

# --- failures ---------------------------------------------------------------

symbol()
{
	awk -v name="$1" '
		found && $1 != address { print address, $1; exit }
		$3 == name { found = 1; address = $1 }' <(sort /proc/kallsyms)
}

# prepare_failures: of any allocation of the processes that ask for it, except those of
# arch_add_memory(): stock kernels warn of them, or panic, or go on with NULL. Nothing
# goes online under them: when the shadow of a block cannot be allocated, KASAN may free
# it twice (stock 7.3, cleanup_vm_area_work). A notifier can fail in its place.
prepare_failures()
{
	local start end

	read -r start end < <(symbol arch_add_memory)
	echo N >"$injected/ignore-gfp-wait"
	echo Y >"$injected/task-filter"
	echo 0 >"$injected/verbose"
	echo -1 >"$injected/times"
	echo "0x$start" >"$injected/reject-start"
	echo "0x$end" >"$injected/reject-end"
	modprobe memory-notifier-error-inject
}

# fail_percent NUMBER
fail_percent()
{
	echo "$1" >"$injected/probability"
}

# notifiers_fail ERROR: makes them always fail; 0 ends that.
notifiers_fail()
{
	echo "$1" >"$notifiers/MEM_GOING_ONLINE/error"
	echo "$1" >"$notifiers/MEM_GOING_OFFLINE/error"
}

# Nothing goes online meanwhile, so use_memory gets a block of the first device.
run_with_failures()
{
	local used

	used=$memory/memory$(first_block dax0.0)/state
	echo online_movable >"$used"
	faults=yes
	fail_percent 2
	run
	fail_percent 0
	echo offline >"$used"
}

# A bind under a policy that cannot be followed still adds the memory; only writing to
# state reports the failure.
notifiers_can_fail()
{
	local device=${devices[0]}

	set_policy "$device" online_movable
	notifiers_fail -12
	bind "$device" kmem
	all_blocks "$device" offline
	notifiers_fail 0
	echo online_movable >"$memory/memory$(first_block "$device")/state"
	notifiers_fail -12
	take_out "$device" 2>/dev/null || : "the blocks tell"
	expect "$(block_summary "$device" | grep -o '[0-9]* online Movable')" "1 online Movable"
	notifiers_fail 0
	is_as_new "$device"
}

# with_nth_failing PREPARE CHANGE CHECK: tries the change with its first allocation
# failing, then its second, and so on until none is left. PREPARE makes
# the change possible, CHECK is given its status, and whether something failed.
with_nth_failing()
{
	local nth left status wrong failed=0

	for ((nth = 1; nth < 2000; nth++)); do
		"$1"
		status=0
		fail_nth "$nth" "$2" || status=$?
		left=$(</run/left)
		set +e
		(set -e; "$3" "$status")
		wrong=$?
		set -e
		((wrong == 0)) || fail "that was with allocation $nth of $2 failing"
		if ((left > 0)); then
			echo "# $2: $nth allocations, $failed of them made it fail" >&3
			((status == 0)) || fail "it fails without an injected failure"
			((failed > 0)) || fail "no injected failure made it fail"
			return
		fi
		failed=$((failed + (status != 0)))
	done
	fail "its allocations do not end"
}

# fail_nth NUMBER COMMAND: in this process; the remaining count goes to /run/left.
fail_nth()
{
	local status=0 nth_file left

	exec {nth_file}<>"/proc/$BASHPID/fail-nth"
	echo "$1" >&"$nth_file"
	"$2" || status=$?
	read -r left <&"$nth_file"
	echo 0 >&"$nth_file"
	exec {nth_file}>&-
	echo "$left" >/run/left
	return "$status"
}

unbound()
{
	if [[ $(driver_of "$device") = kmem ]]; then
		take_out "$device"
		unbind "$device"
	fi
	all_blocks "$device" absent
	set_policy "$device" offline
}

bound()
{
	unbound
	set_policy "$device" online_movable
	bind "$device" kmem
	all_blocks "$device" "online Movable"
}

binds()
{
	put "$device" "$dax_drivers/kmem/bind"
}

writes_policy()
{
	put online_movable "$dax_devices/$device/online_type"
}

writes_parameter()
{
	put offline "$parameter"
}

parameter_is_default()
{
	echo default >"$parameter"
}

unplugs()
{
	put unplugged "$dax_devices/$device/state"
}

bound_or_not() # STATUS
{
	local number

	number=$(blocks_of "$device" | wc -l)
	expect "$(policy_of "$device")" offline
	case $1:$(driver_of "$device"):$(block_summary "$device") in
	"0:kmem:$number offline" | "1:none:$number absent") ;;
	*) fail "status $1: driver $(driver_of "$device"), blocks $(block_summary "$device")" ;;
	esac
}

written_or_not() # STATUS
{
	expect "$1 $(policy_of "$device")" "$1 $( (($1 == 0)) && echo online_movable || echo offline)"
}

parameter_written_or_not() # STATUS
{
	expect "$1 $(<"$parameter")" "$1 $( (($1 == 0)) && echo offline || echo default)"
}

unplugged_or_not() # STATUS
{
	if (($1 == 0)); then
		all_blocks "$device" absent
	fi
}

exec 3>&1
node=$(<"$dax_devices/dax0.0/target_node")
set_system_default offline
# Two to change, while the first keeps their node: making a node cannot fail. And one
# of a single block, for what runs once for each allocation.
divide_device 4 $((512 << 20))
block_bytes >"$dax_devices/dax0.3/size"
for device in dax0.0 "${devices[@]}" dax0.3; do
	move "$device" device_dax
done
modprobe kmem
for device in dax0.0 "${devices[@]}" dax0.3; do
	move "$device" kmem
done
for device in "${devices[@]}" dax0.3; do
	unbind "$device"
done
happening=(policies parameters system_defaults binds unbinds online_movable offline uses)

faults=
ok "$seconds seconds of everything" run
ok "each kind of change has happened" each_happened
for device in "${devices[@]}"; do
	ok "$device is as new" is_as_new "$device"
done
if can_fail_on_demand; then
	prepare_failures
	system_defaults=(offline)
	set_system_default offline
	policies=("${policies[@]/online_movable/offline}")
	happening=(policies parameters system_defaults binds unbinds uses)
	ok "$seconds seconds of everything, while allocations fail" run_with_failures
	ok "each kind of change has happened" each_happened
	for device in "${devices[@]}"; do
		ok "$device is as new" is_as_new "$device"
	done
	ok "memory notifiers can fail" notifiers_can_fail
	device=dax0.3
	ok "writing a policy: done or not, with any allocation failing" \
		with_nth_failing unbound writes_policy written_or_not
	ok "writing the parameter, likewise" \
		with_nth_failing parameter_is_default writes_parameter parameter_written_or_not
	ok "a bind, likewise" with_nth_failing unbound binds bound_or_not
	if has_unplugged; then
		ok "unplugging, likewise" with_nth_failing bound unplugs unplugged_or_not
	fi
	for device in "${devices[@]}" dax0.3; do
		ok "$device is as new" is_as_new "$device"
	done
fi
done_testing
