#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: kernel-apply.sh BASE
# kernel/kbuild apply, as README shows it, on trees of one's own: a git tree and one without
# git. They have the files of Linux BASE that the series changes.

set -euo pipefail

base=$1
top=$(realpath "$(dirname "$0")/../..")
# shellcheck source-path=SCRIPTDIR source=../../scripts/common.sh
. "$top/scripts/common.sh"
# shellcheck source-path=SCRIPTDIR source=../../kernel/lib.sh
. "$top/kernel/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# command_of_readme DIRECTORY: runs that command, in the top directory.
command_of_readme()
{
	local command

	command=$(sed -nE 's,^    (kernel/kbuild apply /path/to/linux)( .*)?$,\1,p' "$top/README.md")
	[ -n "$command" ] || { echo "README has no such command"; return 1; }
	(cd "$top" && bash -euo pipefail -c "${command/\/path\/to\/linux/$1}")
}

# make_tree DIRECTORY: with the files of the stock source.
make_tree()
{
	local patch

	mkdir "$1"
	{
		printf '%s\n' Makefile mm/memory_hotplug.c
		for patch in "${patches[@]}"; do
			sed -n 's,^--- a/,,p' "$patch"
		done
	} | sort -u | (cd "$stock" && xargs -d '\n' cp --parents -t "$1")
}

commit_all()
{
	git -C "$1" init -q
	git -C "$1" add --force --all
	git -C "$1" -c user.name=x -c user.email=x@localhost commit -q -m stock
	git -C "$1" config user.name x
	git -C "$1" config user.email x@localhost
}

# has_the_series DIRECTORY
has_the_series()
{
	grep -q online_type "$1/drivers/dax/bus.c"
}

commits_the_patches()
{
	command_of_readme "$scratch/git"
	[ "$(git -C "$scratch/git" rev-list --count HEAD)" = $((${#patches[@]} + 1)) ]
	has_the_series "$scratch/git"
}

patches_the_files()
{
	command_of_readme "$scratch/plain"
	has_the_series "$scratch/plain"
	# Both ways lead to the same.
	diff -r --exclude=.git "$scratch/git" "$scratch/plain"
}

# refuses MESSAGE DIRECTORY
refuses()
{
	! command_of_readme "$2" 2>"$scratch/stderr" || { echo "it was applied"; return 1; }
	grep -F -- "$1" "$scratch/stderr" || { cat "$scratch/stderr"; return 1; }
}

refuses_a_changed_tree()
{
	make_tree "$scratch/changed"
	commit_all "$scratch/changed"
	echo >>"$scratch/changed/drivers/dax/bus.c"
	refuses "has changes that are not committed" "$scratch/changed"
}

leaves_a_tree_that_does_not_fit()
{
	make_tree "$scratch/other"
	echo "something else" >"$scratch/other/drivers/dax/kmem.c"
	cp -r "$scratch/other" "$scratch/other.before"
	refuses "which is unchanged" "$scratch/other"
	diff -r "$scratch/other.before" "$scratch/other"
}

stock=$("$top/kernel/kbuild" prepare --stock "$base" | tail -n 1)
mapfile -t patches < <(series_patches "$base")
make_tree "$scratch/git"
commit_all "$scratch/git"
make_tree "$scratch/plain"
ok "a git tree gets a commit for each patch" commits_the_patches
ok "a tree without git gets the same changes" patches_the_files
ok "a second time, it says that the series is there" refuses "has the series already" "$scratch/git"
ok "what is no kernel tree is refused" refuses "is not a kernel source tree" "$scratch"
ok "a git tree with uncommitted changes is refused" refuses_a_changed_tree
ok "a tree that the series does not fit stays as it is" leaves_a_tree_that_does_not_fit
printf '1..%d\n' "$tap_count"
[ "$tap_failed" -eq 0 ]
