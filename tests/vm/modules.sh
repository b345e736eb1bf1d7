# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A built kernel's modules. Sourced, after "set -euo pipefail".

# copy_modules BUILD_DIR ROOT: into that root, with the indices that libkmod wants.
# "make modules_install" does the same, much slower.
copy_modules()
{
	local build=$1 root=$2 release modules path

	release=$(<"$build/include/config/kernel.release")
	modules=$root/lib/modules/$release
	mkdir -p "$modules"
	while read -r path; do
		path=${path%.*}.ko
		install -D -m 644 "$build/$path" "$modules/kernel/$path"
		printf 'kernel/%s\n' "$path" >>"$modules/modules.order"
	done <"$build/modules.order"
	cp "$build/modules.builtin" "$build/modules.builtin.modinfo" "$modules"
	depmod --basedir "$root" "$release"
}
