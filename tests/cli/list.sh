#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl list on a mocked /sys: upstream's output, and what is added.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

{
	region 0
	device 0 0 online_type=default
	device 0 1 online_type=online_movable state=online_movable
	region 1
	device 1 0 online_type=unplugged state=unplugged
} >"$work/devices"

forms=("" "-u" "-D" "-R" "-M" "-DR" "-DRM" "-DRMu" "-i" "-d dax0.0" "-d 0.1" "-d all" "-r 0" "-r 1 -D"
	"-r 0 -DR" "--region=all -R -D" "-d dax0.0 -u" "-r 7" "-d dax7.7" "-r 1 -d dax0.0" "-R -r 1 -u")

# lines: in an order of their own, and without the commas that depend on it.
lines()
{
	sed 's/,$//' | LC_ALL=C sort
}

# The extended list without its extra keys: upstream's, but for the order of the devices.
is_upstreams()
{
	local form

	for form in "${forms[@]}"; do
		# shellcheck disable=SC2086 # a form is several words
		run 0 list $form
		# shellcheck disable=SC2086
		expect "$(sed -E '/"(online_type|memory_state)":/d' "$work/stdout" | lines)" \
			"$(/usr/bin/daxctl list $form | lines)"
	done
}

has_natural_order()
{
	local order='["dax0.0","dax2.0","dax2.1","dax2.2","dax2.3","dax2.10","dax2.11","dax10.0"]'

	run 0 list
	expect "$(jq -c 'map(.chardev)' <<<"$stdout")" "$order"
	run 0 list --blocks
	expect "$(jq -c 'map(.chardev)' <<<"$stdout")" "$order"
	run 0 list -D -R
	expect "$(jq -c '[.[] | select(.path == "/platform/hmem.2") | .devices[].chardev]' <<<"$stdout")" \
		'["dax2.0","dax2.1","dax2.2","dax2.3","dax2.10","dax2.11"]'
}

adds_policies()
{
	run 0 list
	expect "$(jq -cS 'map({(.chardev): [.online_type, .memory_state]}) | add' <<<"$stdout")" \
		'{"dax0.0":["default",null],"dax0.1":["online_movable","online_movable"],"dax1.0":["unplugged","unplugged"]}'
	run 0 list -DR -r 0
	expect "$(jq -c '[.devices[].online_type]' <<<"$(jq 'if type == "array" then .[0] else . end' <<<"$stdout")")" \
		'["default","online_movable"]'
	run 0 list -u -d dax1.0
	expect "$(jq -r .online_type <<<"$stdout")" unplugged
}

blocks_cancelled()
{
	run 0 list --blocks -D --no-blocks
	local cancelled=$stdout

	run 0 list -D
	expect "$cancelled" "$stdout"
}

# The lists of both kinds are empty then; who names a device to status or to change it, is
# told that it is not there.
no_match()
{
	local words

	for words in "" "--blocks " "--blocks -u "; do
		# shellcheck disable=SC2086 # several words
		run 0 list $words-d dax9.9
		expect "$stdout$stderr" ""
		# shellcheck disable=SC2086
		run 0 list $words-r 77
		expect "$stdout$stderr" ""
	done
	for words in "status" "status --json" "reconfigure-device --online-type=movable" "reconfigure-device --forget"; do
		# shellcheck disable=SC2086
		run 250 $words dax9.9
		says "dax9.9: error: there is no such dax device; see daxctl list --idle"
	done
}

mistakes_are_upstreams()
{
	same list --bogus
	same list -z
	same list word
	same list --region
	same list --de
	same list --no-
}

knows_blocks()
{
	run 130 list --list-opts
	expect "$stdout" "$(/usr/bin/daxctl list --list-opts || : "is 130")--blocks "
	run 130 list --blocks --list-opts
	run 129 list -h
	says "    -u, --human           use human friendly number formats"
	says "        --blocks"
}

# dax0.0 has the blocks from 32 on, dax1.0 those from 40 on.
with_memory()
{
	local id

	bound dax0.0 kmem
	for id in 32 33 34; do
		block "$id" online Movable
	done
	block 35 offline "Normal Movable"
	block 37 online Normal
}

shows_blocks()
{
	with_memory
	run 0 list --blocks -d dax0.0
	expect "$(jq -c . <<<"$stdout")" '[{"chardev":"dax0.0","mode":"system-ram","block_size":134217728,"memory":[{"start":4294967296,"end":4697620479,"blocks":3,"state":"online","zone":"Movable"},{"start":4697620480,"end":4831838207,"blocks":1,"state":"offline"},{"start":4966055936,"end":5100273663,"blocks":1,"state":"online","zone":"Normal"}]}]'
	run 0 list --blocks
	expect "$(jq -c 'map(.chardev)' <<<"$stdout")" '["dax0.0","dax0.1","dax1.0"]'
	run 0 list --blocks -r 1
	expect "$(jq -c '[.[].chardev]' <<<"$stdout")" '["dax1.0"]'
	run 0 list --blocks -r 7
	expect "$stdout" ""
}

draws_a_map()
{
	with_memory
	run 0 list --blocks -u -d 0.0
	expect "$stdout" "dax0.0: system-ram, 1024.00 MiB (1073.74 MB)
  0x00000100000000  MMM-.N..
  one cell is 128 MiB: . unplugged (3) - offline (1) M Movable (3) N Normal (1)"
}

# is_wrong_usage MESSAGE: two lines, which nothing scrolls away.
is_wrong_usage()
{
	expect "$stderr" "daxctl list: error: $1
Try 'daxctl list -h' or 'daxctl help list'."
	expect "$stdout" ""
}

refuses_what_does_not_go_with_blocks()
{
	local words

	for words in -D -R -M "--devices -u"; do
		# shellcheck disable=SC2086 # several words
		run 129 list --blocks $words
		is_wrong_usage "--blocks is a list of its own; --devices, --regions and --mappings do not go with it"
	done
	run 129 list --blocks -d ../dax0.0
	is_wrong_usage "'../dax0.0' is not the name of a dax device, such as dax0.0"
	run 129 list --blocks -r 0,1
	is_wrong_usage "'0,1' is not a list of regions; give ids such as 0 or region0, separated by spaces, or all"
	run 129 list --blocks --bogus
	is_wrong_usage "unknown option \`bogus'"
	run 129 list --blocks dax0.0
	is_wrong_usage 'unknown parameter "dax0.0"'
}

adds_nothing()
{
	local form

	for form in "${forms[@]}"; do
		# shellcheck disable=SC2086 # a form is several words
		same list $form
	done
}

full_output()
{
	local status=0

	"$DAXCTL" list >/dev/full 2>"$work/stderr" || status=$?
	expect "$status" 1
	grep -q "cannot write to standard output: No space left" "$work/stderr"
}

export_functions
ok "the policy and the state of every device are in the list" on_system adds_policies
eval "forms_in_shell() { $(declare -p forms); is_upstreams; }"
export -f forms_in_shell
ok "all else is upstream daxctl's output, in every form" on_system forms_in_shell
ok "mistakes and requests for help are upstream's to answer" on_system mistakes_are_upstreams
ok "--no-blocks cancels --blocks" on_system blocks_cancelled
ok "no device matches: empty lists, and errors from what names one" on_system no_match
ok "-h and --list-opts know --blocks" on_system knows_blocks
ok "--blocks prints state and zone of the memory, in runs" on_system shows_blocks
ok "--blocks --human draws a map" on_system draws_a_map
ok "options that cannot be combined with --blocks are refused as usage" on_system refuses_what_does_not_go_with_blocks
ok "a list that cannot be written is an error" on_system full_output
{
	for number in 10 2 0; do
		region "$number"
		device "$number" 0 online_type=default
	done
	for number in 3 11 1 10 2; do
		device 2 "$number" online_type=default
	done
} >"$work/devices"
ok "devices come in natural order" on_system has_natural_order
# The kernel may know the state, as Linux 7.3 does.
{
	region 0
	device 0 0 state=online_movable
	region 1
	device 1 0
} >"$work/devices"
eval "plain_in_shell() { $(declare -p forms); adds_nothing; }"
export -f plain_in_shell
ok "on a kernel without policies the list is upstream's, to the byte" on_system plain_in_shell
done_testing
