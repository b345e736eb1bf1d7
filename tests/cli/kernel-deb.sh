#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel/kbuild deb refuses what it cannot build, before it fetches or builds anything, and
# says why. tests/package/kernel builds.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

top=$(realpath "$(dirname "$0")/../..")
kbuild=$top/kernel/kbuild
export DAX_ONLINE_CACHE=$work/cache

# tool NAME TEXT: a program that prints it.
tool()
{
	printf '#!/bin/sh\ncat <<"END"\n%s\nEND\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# refuses MESSAGE OPTION...: for 7.3.
refuses()
{
	local message=$1 stderr

	shift
	! stderr=$(PATH=$work/bin:$PATH "$kbuild" deb "$@" 7.3 2>&1 >"$work/stdout") || fail "it was taken"
	expect "$(<"$work/stdout")" ""
	[[ $(tail -n 1 <<<"$stderr") = "kbuild: error: $message"* ]] || fail "$stderr"
	[[ ! $(find "$work/cache" -name '*.xz' -o -name '*.ready') ]] || fail "it fetched the source"
}

# config LINE...: a file.
config()
{
	printf '%s\n' "$@" >"$work/config"
}

without_a_file_of_this_kernel()
{
	tool uname 0.0-none
	refuses "there is no /boot/config-0.0-none; name a configuration with --config FILE"
	# As README has it.
	! (cd "$top" && PATH=$work/bin:$PATH bash -c "kernel/kbuild deb 7.3") 2>/dev/null || fail "it was taken"
	rm "$work/bin/uname"
}

what_is_no_file()
{
	refuses "no such file: $work/nothing" --config "$work/nothing"
	refuses "$work is no file" --config "$work"
	refuses "--config needs a file" --config ""
}

what_is_no_configuration()
{
	refuses "$kbuild is not a kernel configuration; its line 3:set -euo pipefail" --config "$kbuild"
	refuses "/bin/bash is not a kernel configuration; its line 1:?ELF" --config /bin/bash
	config "# nothing"
	refuses "$work/config is not a kernel configuration: it sets no option" --config "$work/config"
	gzip -c "$kbuild" >"$work/config.gz"
	refuses "$work/config.gz is not a kernel configuration; its line 3:set" --config "$work/config.gz"
}

of_another_architecture()
{
	config "#" "# Automatically generated file; DO NOT EDIT." "# Linux/sparc 7.3.4 Kernel Configuration" "#" \
		CONFIG_MODULES=y
	refuses "$work/config is for sparc, and this machine is " --config "$work/config"
}

without_room()
{
	config CONFIG_64BIT=y CONFIG_MODULES=y CONFIG_DEV_DAX=m
	tool df $'Avail\n  100'
	refuses "not enough room in $work/cache/kernel/src: " --config "$work/config"
	rm "$work/bin/df"
}

with_options_of_build()
{
	refuses "deb goes with none of --stock, --debug and --arm64" --stock
	! "$kbuild" build --config "$work/config" 7.3 2>"$work/stderr" || fail "it was taken"
	grep -q "error: --config goes with deb" "$work/stderr"
}

mkdir "$work/bin"
# They are of no use here, and need not be installed.
for name in bc bison flex dpkg-buildpackage dh_prep rsync; do
	tool "$name" ""
done
ok "without --config, it says that this kernel's configuration is missing" without_a_file_of_this_kernel
ok "what is no file is refused" what_is_no_file
ok "a file that is no configuration is refused, with the line that is none" what_is_no_configuration
ok "a configuration for another architecture is refused" of_another_architecture
ok "if there is not enough room, it says how much it needs, and does not begin" without_room
ok "options of build are not taken, nor the other way round" with_options_of_build
done_testing
