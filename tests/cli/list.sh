#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# daxctl list on a mocked /sys: the distribution's output, and what is added.

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

# The distribution's list, with what ours adds taken out of it again, to the byte.
is_the_distributions()
{
	local form

	for form in "${forms[@]}"; do
		# shellcheck disable=SC2086 # a form is several words
		run 0 list $form
		# shellcheck disable=SC2086
		expect "$(awk '/"(online_type|memory_state)":/ { next }
			NR > 1 { print line } { line = $0 } END { print line }' "$work/stdout" |
			sed -z 's/,\n\( *[]}]\)/\n\1/g')" "$(/usr/bin/daxctl list $form)"
	done
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

mistakes_are_the_distributions()
{
	same list --bogus
	same list -z
	same list word
	same list --region
	same list --de
	same list --no-
	same list --list-opts
	same list -h
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

	"$DAXCTL" list >/dev/full 2>/dev/null || status=$?
	[[ $status != 0 ]]
}

export_functions
ok "the policy and the state of every device are in the list" on_system adds_policies
eval "forms_in_shell() { $(declare -p forms); is_the_distributions; }"
export -f forms_in_shell
ok "all else is the distribution's output, in every form" on_system forms_in_shell
ok "mistakes and requests for help are the distribution's to answer" on_system mistakes_are_the_distributions
ok "a list that cannot be written is an error" on_system full_output
{
	region 0
	device 0 0
	region 1
	device 1 0
} >"$work/devices"
eval "plain_in_shell() { $(declare -p forms); adds_nothing; }"
export -f plain_in_shell
ok "on a kernel without policies the list is the distribution's, to the byte" on_system plain_in_shell
done_testing
