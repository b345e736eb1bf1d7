#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check.sh BUILD_DIR
# What ./check counts and says, and how it ends, with a meson that runs nothing: the
# results of its tests are what is written here. BUILD_DIR has the real tests.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

build=$1
source=$(realpath "$(dirname "$0")/../..")

# --- the fakes ----------------------------------------------------------------

# make_tree: a tree with this check and nothing else that is real.
make_tree()
{
	mkdir -p "$work/tree/scripts" "$work/tree/kernel" "$work/bin"
	cp "$source/check" "$work/tree/"
	cp "$source/scripts/common.sh" "$work/tree/scripts/"
	printf '#!/bin/sh\n' >"$work/tree/scripts/setup"
	cat >"$work/tree/kernel/kbuild" <<-'EOF'
		#!/bin/sh
		echo "kbuild $*" >>"$WORK/calls"
		[ ! -e "$WORK/kernel-fails" ]
	EOF
	cat >"$work/bin/meson" <<-'EOF'
		#!/bin/bash
		echo "meson $*" >>"$WORK/calls"
		case $1 in
		setup)
			if [[ -e $WORK/setup-fails && $* = *"$(<"$WORK/setup-fails")"* ]]; then
				echo "meson.build:1:0: ERROR: no luck"
				exit 1
			fi
			;;
		test)
			logs=$3/meson-logs
			mkdir -p "$logs"
			while (($#)); do
				[[ $1 != --suite || ! -e $WORK/$2.json ]] || cat "$WORK/$2.json"
				shift
			done >"$WORK/log"
			cp "$WORK/log" "$logs/testlog.json"
			! grep -q '"result":"\(FAIL\|ERROR\|TIMEOUT\)"' "$WORK/log"
			;;
		esac
	EOF
	chmod +x "$work/tree/scripts/setup" "$work/tree/kernel/kbuild" "$work/bin/meson"
}

# has SUITE NAME RESULT SECONDS [STDOUT [STDERR]]: meson will have this test.
has()
{
	jq -nc --arg name "dax-online-policy:$1 / $2" --arg result "$3" --arg seconds "$4" \
		--arg stdout "${5:-}" --arg stderr "${6:-}" '
			{name: $name, stdout: $stdout, result: $result, duration: ($seconds | tonumber)} +
			if $stderr == "" then {} else {stderr: $stderr} end' >>"$work/$1.json"
}

# start_again: one test in each suite, and all is well.
start_again()
{
	local suite

	rm -rf "$work"/{*.json,calls,setup-fails,kernel-fails,cache}
	for suite in unit cli lint scripts coverage fuzz kernel vm bench package fresh system system-full package-full fuzz-full kernel-full vm-full bench-full fresh-full; do
		has "$suite" "one" OK 1
	done
}

# check STATUS [OPTION]: it must end with that status; what it prints is in $stdout.
check()
{
	local expected=$1 status=0

	shift
	WORK=$work PATH=$work/bin:$PATH DAX_ONLINE_CACHE=$work/cache \
		"$work/tree/check" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	stdout=$(<"$work/stdout")
	expect "$status" "$expected"
}

prints()
{
	grep -qxF -e "$1" <<<"$stdout" || fail "no line '$1' in: $stdout"
}

ends_with()
{
	expect "$(tail -n 1 <<<"$stdout")" "$1"
}

# --- what it counts -----------------------------------------------------------

# Three builds, two kernels, and a test in each suite; unit runs in two builds.
counts_builds_kernels_and_tests()
{
	start_again
	check 0
	ends_with "18 passed, 0 failed, 0 skipped"
}

counts_every_line_of_tap()
{
	start_again
	has vm "two" OK 1 "TAP version 13
# a remark
ok 1 - first
ok 2 - second # SKIP not here
not ok 3 - third # TODO some day
ok 4 - fourth
1..4"
	check 0
	ends_with "21 passed, 0 failed, 1 skipped"
	prints "skipped: vm / two: 2 - second # SKIP not here"
}

counts_what_meson_skipped()
{
	start_again
	has vm "two" SKIP 0.1
	check 0
	ends_with "18 passed, 0 failed, 1 skipped"
	prints "skipped: vm / two"
}

fails_with_a_line_of_tap()
{
	start_again
	has vm "two" FAIL 1 "ok 1 - first
# of the first
not ok 2 - second
# the reason
1..2" "a message"
	check 1
	ends_with "19 passed, 1 failed, 0 skipped"
	prints "failed: vm / two: 2 - second"
	prints "    # the reason"
	[[ $stdout != *"of the first"* ]] || fail "it prints what belongs to another line"
}

# fails_without_tap RESULT: with what it printed last.
fails_without_tap()
{
	start_again
	has vm "two" "$1" 1 "ok 1 - first" "not shown
1
2
3
4
the reason"
	check 1
	ends_with "19 passed, 1 failed, 0 skipped"
	prints "failed: vm / two: ${1,,}"
	prints "    the reason"
	[[ $stdout != *"not shown"* ]] || fail "it prints more than the end"
}

misses_a_suite()
{
	start_again
	rm "$work/bench.json"
	check 1
	grep -q 'error: bench ran no test' "$work/stderr"
}

# --- what it runs ---------------------------------------------------------------

goes_on_without_a_build()
{
	start_again
	echo address,undefined >"$work/setup-fails"
	check 1
	grep -q '^failed: build sanitized: meson.build:1:0: ERROR: no luck (log: ' <<<"$stdout"
	# Without that build's unit and cli.
	ends_with "15 passed, 1 failed, 0 skipped"
}

goes_on_without_a_kernel()
{
	start_again
	touch "$work/kernel-fails"
	check 1
	prints "failed: kernel/kbuild build  7.3"
	ends_with "10 passed, 1 failed, 0 skipped"
}

# suites OPTION...: those that it runs in the build plain.
suites()
{
	check 0 "$@"
	sed -n 's,^meson test .*/plain --no-rebuild --suite ,,p' "$work/calls" | sed 's/ --suite//g'
}

runs() # SUITES [OPTION]
{
	start_again
	expect "$(suites "${@:2}")" "$1"
}

builds_no_kernel_when_quick()
{
	start_again
	check 0 --quick
	! grep kbuild "$work/calls"
}

builds_more_kernels_for_full()
{
	start_again
	check 0 --full
	expect "$(grep -c '^kbuild build *--stock' "$work/calls")" 2
	expect "$(grep -c '^kbuild build *--arm64' "$work/calls")" 2
}

# full_covers_all: what a test runs, on which Linux versions, a suite of --full runs too.
full_covers_all()
{
	start_again
	check 0 --full
	grep -oE -e '--suite [a-z-]+' "$work/calls" | cut -d ' ' -f 2 | sort -u >"$work/suites"
	expect "$(meson introspect --tests "$build" | jq -r --rawfile suites "$work/suites" '
		map({suite: (.suite[0] | sub(".*:"; "")), name,
			runs: [.cmd[0], (.cmd[1:][] | select(test("^[0-9]+[.][0-9]+$")))]}) |
		group_by(.suite as $suite | $suites | split("\n") | index($suite) != null) |
		(.[1] | map(.runs)) as $covered |
		.[0][] | select(.runs | IN($covered[]) | not) | "\(.suite) / \(.name)"')" ""
}

refuses_other_options()
{
	start_again
	check 2 --fast
	[[ ! -e $work/calls ]] || fail "it has begun"
	grep -q '^usage: ./check' "$work/stderr"
}

# --- the table ------------------------------------------------------------------

adds_up_a_suite()
{
	start_again
	has vm "two" OK 100.4
	has vm "three" OK 20.4
	# Its name begins like the other's.
	has vm-full "four" OK 1000
	check 0
	prints "     122  vm, plain"
	prints "       1  fresh, plain"
}

ends_with_the_table()
{
	start_again
	check 0 --quick
	expect "$(tail -n 12 <<<"$stdout" | sed -E 's/^ +[0-9]+  /N /')" " seconds  part
N build sanitized
N unit, sanitized
N cli, sanitized
N build clang
N unit, clang
N build plain
N lint, plain
N scripts, plain
N all of it

8 passed, 0 failed, 0 skipped"
}

make_tree
ok "builds, kernels and tests are counted" counts_builds_kernels_and_tests
ok "of a test that prints TAP, every line is counted" counts_every_line_of_tap
ok "a test that meson skipped is counted, and named" counts_what_meson_skipped
ok "a failed line of TAP is a failure, with what is said below it" fails_with_a_line_of_tap
for result in FAIL ERROR TIMEOUT; do
	ok "a test with the result $result is a failure, with the end of what it said" fails_without_tap "$result"
done
ok "a suite without any test is an error" misses_a_suite
ok "a build that fails is a failure, and the rest goes on" goes_on_without_a_build
ok "a kernel that does not build is a failure, and what needs none goes on" goes_on_without_a_kernel
ok "no option: the short suites" runs "lint scripts coverage fuzz kernel vm bench package fresh system"
ok "--quick: without kernels, fuzzing and coverage" runs "lint scripts" --quick
ok "--full: all suites" \
	runs "lint scripts coverage fuzz-full kernel-full vm vm-full bench-full package package-full fresh fresh-full system system-full" --full
ok "--quick builds no kernel" builds_no_kernel_when_quick
ok "--full builds the kernels without the series and those for arm64 too" builds_more_kernels_for_full
ok "--full runs whatever any suite tests" full_covers_all
ok "another option is refused, with the usage" refuses_other_options
ok "the tests of a suite are added up" adds_up_a_suite
ok "it ends with the table and the counts" ends_with_the_table
done_testing
