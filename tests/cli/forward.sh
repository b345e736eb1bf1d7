#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What is not extended runs upstream's daxctl, and never this program.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

like_upstream()
{
	same --version
	same -v
	same version
	same bogus
	same bogus --help
	same online-memory
	same online-memory dax9.9
	same offline-memory --bogus
	same disable-device -h
	same enable-device --list-opts
	same create-device -r 99
	same create-device --help
	same help create-device
	same destroy-device all
	same migrate-device-model --help-all
	same help bogus
	same '' list
}

# adds WORD... -- TEXT: behind what upstream's prints.
adds()
{
	local text=${*: -1} status=0 theirs

	theirs=$(/usr/bin/daxctl "${@:1:$# - 2}"; echo "status $?")
	"$DAXCTL" "${@:1:$# - 2}" >"$work/stdout" || status=$?
	expect "$(<"$work/stdout")" "${theirs%status *}$text"
	expect "status $status" "${theirs##*$'\n'}"
}

mentions_status()
{
	local text=" 'daxctl status' shows whether the memory of each device is what its policy and
 the configuration say"

	adds -- "$text"
	adds help -- "$text"
	adds --help -- "$text"
	adds -h -- "$text"
	adds --list-cmds -- status
	same --list-cmds word
}

passes_everything_on()
{
	local status=0

	# shellcheck disable=SC2016 # for the script to expand
	relay_to 'printf "%s|" "$0" "$#" "$@" "$PROBE"; cat; exit 77'
	PROBE='a b' "$RELAY" one '' 'two words' --three <<<input >"$work/stdout" || status=$?
	expect "$status" 77
	expect "$(<"$work/stdout")" "$RELAY_LINK|4|one||two words|--three|a b|input"
}

passes_the_environment_on()
{
	relay_to 'env -u _ -u SHLVL -u PWD -u OLDPWD | sort'
	env -i A=1 B='x y' "$RELAY" x >"$work/stdout"
	expect "$(<"$work/stdout")" $'A=1\nB=x y'
}

ends_by_the_same_signal()
{
	local status=0

	relay_to 'kill -TERM $$'
	"$RELAY" x || status=$?
	expect "$status" 143
	status=0
	"$RELAY" list || status=$?
	expect "$status" 143
}

knows_the_status_of_an_ignored_child()
{
	local status=0

	relay_to 'exit 77'
	# shellcheck disable=SC2016 # for perl
	(exec perl -e '$SIG{CHLD} = "IGNORE"; exec @ARGV' "$RELAY" list --list-opts) || status=$?
	expect "$status" 77
}

leaves_closed_streams_closed()
{
	local status=0

	# shellcheck disable=SC2016 # for the script to expand
	relay_to '[[ ! -e /proc/$$/fd/1 && ! -e /proc/$$/fd/2 ]] && exit 77'
	"$RELAY" x >&- 2>&- || status=$?
	expect "$status" 77
}

is_one_process()
{
	relay_to 'echo $$'
	"$RELAY" x >"$work/stdout" &
	wait "$!"
	expect "$(<"$work/stdout")" "$!"
}

refuses_itself() # HOW: it is in the place of upstream's as a link or a copy
{
	local status=0

	rm -f "$RELAY_LINK"
	"$@" "$RELAY" "$RELAY_LINK"
	timeout 5 "$RELAY" x 2>"$work/stderr" || status=$?
	expect "$status" 126
	grep -q "is this program, not the distribution's daxctl" "$work/stderr"
	status=0
	timeout 5 "$RELAY" reconfigure-device --list-opts 2>"$work/stderr" || status=$?
	expect "$status" 126
}

refuses_a_variant()
{
	local status=0

	rm -f "$RELAY_LINK"
	ln -s "$DAXCTL" "$RELAY_LINK"
	timeout 5 "$RELAY" x 2>"$work/stderr" || status=$?
	expect "$status" 126
}

tells_that_it_is_missing()
{
	local status=0

	rm -f "$RELAY_LINK"
	"$RELAY" list 2>"$work/stderr" || status=$?
	expect "$status" 127
	grep -q "cannot run the distribution's daxctl, $RELAY_LINK: No such file or directory" "$work/stderr"
	grep -q "install the package" "$work/stderr"
	status=0
	touch "$RELAY_LINK"
	"$RELAY" x 2>"$work/stderr" || status=$?
	expect "$status" 126
}

shows_its_own_manual()
{
	local words

	mkdir -p "$RELAY_MANUAL/man1" "$work/bin"
	echo page >"$RELAY_MANUAL/man1/daxctl-list.1"
	# shellcheck disable=SC2016 # for the script to expand
	printf '#!/bin/sh\necho "$@"\n' >"$work/bin/man"
	chmod +x "$work/bin/man"
	for words in "list --help" "help list" "--help list" "list -D --help" "list --blocks -u --help"; do
		# shellcheck disable=SC2086 # several words
		PATH=$work/bin:$PATH "$RELAY" $words >"$work/stdout"
		expect "$(<"$work/stdout")" "$RELAY_MANUAL/man1/daxctl-list.1"
	done
}

shows_the_usage_without_a_manual()
{
	local status=0 words

	rm -rf "$RELAY_MANUAL"
	"$RELAY" help reconfigure-device 2>"$work/stderr" || status=$?
	expect "$status" 129
	grep -q -e --online-type "$work/stderr"
	for words in "reconfigure-device --help" "reconfigure-device -m devdax --help" \
		"reconfigure-device --online-type=movable --help" "reconfigure-device -h"; do
		# shellcheck disable=SC2086 # several words
		"$RELAY" $words 2>"$work/again" && status=0 || status=$?
		expect "$status" 129
		cmp "$work/stderr" "$work/again"
	done
}

has_no_manual_for_create_device()
{
	local status=0 words

	rm -rf "$RELAY_MANUAL"
	relay_to 'echo "$@"; exit 7'
	for words in --help "-r 0 --help" "--online-type=movable --help"; do
		status=0
		# shellcheck disable=SC2086 # several words
		"$RELAY" create-device $words >"$work/stdout" || status=$?
		expect "$status" 7
		expect "$(<"$work/stdout")" "create-device --help"
	done
	status=0
	"$RELAY" help create-device >"$work/stdout" || status=$?
	expect "$status" 7
	expect "$(<"$work/stdout")" "help create-device"
	status=0
	"$RELAY" create-device -h 2>"$work/stderr" || status=$?
	expect "$status" 129
	grep -q -e --online-type "$work/stderr"
}

# The variant of the executable that runs $RELAY_LINK instead of upstream's.
trap 'rm -rf "$work" "$RELAY_LINK" "$RELAY_MANUAL"' EXIT
ok "commands that are not extended are upstream's, in all they give" like_upstream
ok "the usage and the list of commands have status besides" mentions_status
ok "arguments, environment, stdin and exit status pass unchanged" passes_everything_on
ok "the environment has nothing more and nothing less" passes_the_environment_on
ok "it ends by the signal that ends upstream's" ends_by_the_same_signal
ok "that SIGCHLD is ignored does not hide a failure" knows_the_status_of_an_ignored_child
ok "closed standard streams are passed on as such" leaves_closed_streams_closed
ok "it is the same process" is_one_process
ok "a symbolic link to itself is refused" refuses_itself ln -s
ok "a hard link to itself is refused" refuses_itself ln
ok "a copy of itself is refused" refuses_itself cp
ok "another build of this program is refused" refuses_a_variant
ok "a missing upstream daxctl is reported" tells_that_it_is_missing
ok "help shows the manual page of the extended command" shows_its_own_manual
ok "help shows the usage where the manual page is not installed" shows_the_usage_without_a_manual
ok "the manual page of create-device is upstream's" has_no_manual_for_create_device
done_testing
