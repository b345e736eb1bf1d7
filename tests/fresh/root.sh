# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Makes pristine Debian roots, for ./enter. Sourced, after scripts/packages.sh.

# make_root ROOT SUITE PACKAGES LOG: with what every installation has and the packages,
# separated by commas.
make_root()
{
	local root=$1 suite=$2 packages=$3 log=$4 sources

	sources=$(archive_sources "$suite")
	[[ $sources ]] || die "the system's apt sources name no Debian archive to take $suite from"
	say "making a root with $suite (log: $log)"
	# mktemp has made the directory for one user only.
	chmod 755 "$root"
	printf '%s\n' "$sources" | as_root mmdebstrap --mode=root --variant=apt --include="$packages" \
		"$suite" "$root" >"$log" 2>&1 || die "no root with $suite: $(first_error "$log") (log: $log)"
	# As an installer does it; services cannot run there.
	as_root cp /etc/resolv.conf /etc/hosts "$root/etc/"
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$root/usr/sbin/policy-rc.d" >/dev/null
	as_root chmod 755 "$root/usr/sbin/policy-rc.d"
}

# remove_root ROOT
remove_root()
{
	as_root rm -rf --one-file-system "$1"
}
