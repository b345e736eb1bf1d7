#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/vm/kernel-tests, without machines: what becomes of the tests that share one when
# one of them fails, or takes the machine down.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

kernel_tests=$(realpath "$(dirname "$0")/../vm/kernel-tests")

# The machine with number N prints $work/machine.N, and ends with the status there.
make_machines()
{
	cat >"$work/kernel-test" <<-'EOF'
		#!/bin/bash
		number=$(($(cat "$WORK/number" 2>/dev/null || echo 0) + 1))
		echo "$number" >"$WORK/number"
		echo "${*##*/}" >>"$WORK/calls"
		cat "$WORK/machine.$number"
		exit "$(<"$WORK/status.$number")"
	EOF
	chmod +x "$work/kernel-test"
}

# machine NUMBER STATUS LINE...
machine()
{
	: >"$work/machine.$1"
	(($# < 3)) || printf '%s\n' "${@:3}" >"$work/machine.$1"
	echo "$2" >"$work/status.$1"
}

# prints STATUS LINES TEST...: kernel-tests, for these tests.
prints()
{
	local expected=$1 lines=$2 status=0

	shift 2
	rm -f "$work/number" "$work/calls"
	WORK=$work KERNEL_TEST=$work/kernel-test "$kernel_tests" 7.3 --machine hmem -- "$@" \
		>"$work/stdout" || status=$?
	expect "$(<"$work/stdout")" "$lines"
	expect "$status" "$expected"
}

# machines: how many there were.
machines()
{
	expect "$(wc -l <"$work/calls")" "$1"
}

numbers_them_as_one()
{
	machine 1 0 "# begin a.sh x" "TAP version 13" "1..2" "ok 1 one" "# a remark" "ok 2 - two # SKIP why" "# end 0" \
		"# begin b.sh" "ok 1 - three" "not ok 2 - four # TODO later" "1..2" "# end 0"
	prints 0 "ok 1 - a x: one
# a remark
ok 2 - a x: two # SKIP why
ok 3 - b: three
not ok 4 - b: four # TODO later
1..4" "a.sh x" b.sh
	machines 1
	expect "$(sed 's/ --copy [^ ]*//g' "$work/calls")" "7.3 several.sh --machine hmem -- a.sh x b.sh"
}

a_failed_one_does_not_hide_the_next()
{
	machine 1 1 "# begin a.sh" "ok 1 - one" "not ok 2 - two" "# the reason" "1..2" "# end 1"
	machine 2 0 "# begin b.sh" "ok 1 - three" "1..1" "# end 0"
	prints 1 "ok 1 - a: one
not ok 2 - a: two
# the reason
ok 3 - b: three
1..3" a.sh b.sh
	machines 2
}

a_dead_machine_does_not_hide_the_next()
{
	machine 1 125 "# begin a.sh" "ok 1 - one" "1..1" "# end 0" "# begin b.sh" "ok 1 - two"
	machine 2 0 "# begin c.sh" "ok 1 - three" "1..1" "# end 0"
	prints 1 "ok 1 - a: one
ok 2 - b: two
not ok 3 - b: gets to its end (the machine ended with status 125)
ok 4 - c: three
1..4" a.sh b.sh c.sh
	machines 2
}

a_machine_that_never_starts()
{
	machine 1 126
	machine 2 126
	prints 1 "not ok 1 - a: is begun (the machine ended with status 126)
not ok 2 - b: is begun (the machine ended with status 126)
1..2" a.sh b.sh
	machines 2
}

one_that_cannot_be_cleaned_up()
{
	machine 1 1 "# begin a.sh" "ok 1 - one" "1..1" "# end 0" "# not restored: dax0.0 is still there"
	machine 2 0 "# begin b.sh" "ok 1 - two" "1..1" "# end 0"
	prints 1 "ok 1 - a: one
not ok 2 - a: leaves the machine as it was
# not restored: dax0.0 is still there
ok 3 - b: two
1..3" a.sh b.sh
	machines 2
}

a_report_of_the_kernel_at_the_end()
{
	machine 1 125 "# begin a.sh" "ok 1 - one" "1..1" "# end 0"
	prints 1 "ok 1 - a: one
not ok 2 - the machine of a ends well, not with status 125
1..2" a.sh
}

# ends_early STATUS PLAN MESSAGE
ends_early()
{
	machine 1 "$1" "# begin a.sh" "ok 1 - one" ${2:+"$2"} "# end $1"
	prints 1 "ok 1 - a: one
not ok 2 - a: $3
1..2" a.sh
}

skips_all_of_it()
{
	machine 1 0 "# begin a.sh" "1..0 # SKIP no such thing" "# end 0"
	prints 0 "ok 1 - a # SKIP
1..1" a.sh
}

make_machines
ok "the tests of a machine are numbered as one" numbers_them_as_one
ok "a test that fails does not keep the next from being run" a_failed_one_does_not_hide_the_next
ok "nor does one that takes the machine down" a_dead_machine_does_not_hide_the_next
ok "a machine that never starts is a failure of every test" a_machine_that_never_starts
ok "a test whose traces cannot be removed fails, and the next has another machine" one_that_cannot_be_cleaned_up
ok "a report of the kernel is a failure, though all tests passed" a_report_of_the_kernel_at_the_end
ok "a test that ends with an error has failed" ends_early 3 1..1 "ends with status 0, not 3"
ok "a test without a plan has failed" ends_early 0 "" "runs the unknown number of tests that it plans, not 1"
ok "a test that ran less than it planned has failed" ends_early 0 1..2 "runs the 2 tests that it plans, not 1"
ok "a test that skips everything is skipped" skips_all_of_it
done_testing
