#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The line that first_error prints from the logs of the tools that the scripts call: each
# of them is made to fail here.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../../scripts/common.sh
. "$(dirname "$0")/../../scripts/common.sh"

# shows TEXT COMMAND...: the command fails, and the line with the text is shown.
shows()
{
	local text=$1 line

	shift
	! "$@" >"$work/log" 2>&1 || fail "$* did not fail"
	line=$(first_error "$work/log")
	[[ $line = *"$text"* ]] || fail "not '$text', but: $line"
}

# project TARGET: a meson project.
project()
{
	mkdir -p "$work/project"
	printf '%s\n' "project('example', 'c')" "$1" >"$work/project/meson.build"
	echo 'int main(void) { return missing; }' >"$work/project/wrong.c"
	rm -rf "$work/build"
}

of_meson()
{
	project "dependency('there-is-no-such-library')"
	shows 'meson.build:2:0: ERROR: Dependency "there-is-no-such-library" not found' \
		meson setup "$work/build" "$work/project"
}

of_ninja()
{
	project "executable('wrong', 'wrong.c')"
	meson setup "$work/build" "$work/project"
	shows "wrong.c:1:25: error: " ninja -C "$work/build"
}

of_make()
{
	printf 'all:\n\tfalse\n' >"$work/Makefile"
	shows '*** [' make -C "$work"
}

of_apt()
{
	shows 'E: Unable to locate package there-is-no-such-package' \
		apt-get -q --simulate install there-is-no-such-package
}

of_git()
{
	git init -q "$work/tree"
	echo one >"$work/tree/file"
	git -C "$work/tree" add file
	git -C "$work/tree" -c user.name=x -c user.email=x@localhost commit -q -m one
	printf '%s\n' 'From: X <x@localhost>' 'Subject: two' '' '--- a/file' '+++ b/file' \
		'@@ -1 +1 @@' '-two' '+three' >"$work/patch"
	shows 'error: patch failed: file:1' \
		git -C "$work/tree" -c user.name=x -c user.email=x@localhost am "$work/patch"
	shows 'Hunk #1 FAILED at 1' patch --dry-run --batch -d "$work/tree" -p1 -i "$work/patch"
}

# As it was printed by version 10.0, which not every machine has.
of_qemu()
{
	printf '%s\n' 'warning: something else' \
		'qemu-system-x86_64: -machine foo: unsupported machine type' \
		'Use -machine help to list supported machines' >"$work/said"
	shows 'qemu-system-x86_64: -machine foo: unsupported' bash -c "cat '$work/said'; exit 1"
}

of_anything_else()
{
	shows "the last words" bash -c 'echo the first words; echo the last words; echo; exit 1'
}

for tool in meson ninja make apt git qemu anything_else; do
	ok "the error line of ${tool//_/ } is shown" "of_$tool"
done
done_testing
