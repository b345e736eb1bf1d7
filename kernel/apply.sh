# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# kbuild apply: the series in the user's own tree. Sourced, after lib.sh.

: "${top:?}"

# apply_with_git DIRECTORY PATCH...
apply_with_git()
{
	local dir=$1 log
	shift

	[ -z "$(git -C "$dir" status --porcelain --untracked-files=no)" ] ||
		die "$dir has changes that are not committed; commit or stash them first"
	log=$(cache_dir log)/apply.log
	if ! git -C "$dir" am "$@" >"$log" 2>&1; then
		git -C "$dir" am --abort
		die "the series does not apply to $dir, which is unchanged: $(first_error "$log") (log: $log)"
	fi
}

# apply_with_patch DIRECTORY PATCH...: first to a copy of what they change. "patch --dry-run"
# does not see what the patches before have done.
apply_with_patch()
{
	local dir=$1 log copy file

	shift
	have patch || die "missing patch; run scripts/setup kernel"
	log=$(cache_dir log)/apply.log
	copy=$(mktemp -d)
	# shellcheck disable=SC2064 # this directory
	trap "rm -rf '$copy'" EXIT
	sed -n 's,^--- a/,,p' "$@" | sort -u | while read -r file; do
		[ ! -e "$dir/$file" ] || (cd "$dir" && cp --parents -t "$copy" "$file")
	done
	cat "$@" | patch -d "$copy" -p1 --batch >"$log" 2>&1 ||
		die "the series does not apply to $dir, which is unchanged: $(first_error "$log") (log: $log)"
	cat "$@" | patch -d "$dir" -p1 --batch >>"$log"
}

apply()
{
	local dir base patches

	dir=$(cd "$1" 2>/dev/null && pwd) || die "no such directory: $1"
	base=$(tree_base "$dir")
	check_base "$base"
	! grep -qs DAX_ONLINE_DEFAULT "$dir/drivers/dax/bus.h" ||
		die "$dir has the series already, or an older version of it"
	mapfile -t patches < <(series_patches "$base")
	if [ -e "$dir/.git" ]; then
		apply_with_git "$dir" "${patches[@]}"
	else
		apply_with_patch "$dir" "${patches[@]}"
	fi
	say "applied the ${#patches[@]} patches of kernel/series/$base to $dir"
	printf '%s\n' "$dir"
}
