#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kernel/lib.sh: a kernel is only built with the configuration that the fragments ask for.

set -euo pipefail

top=$(realpath "$(dirname "$0")/../..")
# shellcheck source-path=SCRIPTDIR source=../../scripts/common.sh
. "$top/scripts/common.sh"
# shellcheck source-path=SCRIPTDIR source=../../kernel/lib.sh
. "$top/kernel/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# has LINE...: the kernel's configuration, and asks LINE...: a fragment.
has()
{
	printf '%s\n' "$@" >"$scratch/.config"
}

asks()
{
	printf '%s\n' "$@" >"$scratch/fragment"
}

takes()
{
	demand_config "$scratch" "$scratch/fragment"
}

# refuses MESSAGE
refuses()
{
	! (demand_config "$scratch" "$scratch/fragment") 2>"$scratch/message" || { echo "it was taken"; return 1; }
	[[ $(<"$scratch/message") = *"$1"* ]] || { cat "$scratch/message"; return 1; }
}

asks CONFIG_ONE=y CONFIG_TWO=m '# CONFIG_THREE is not set'
has CONFIG_ONE=y CONFIG_TWO=m '# CONFIG_THREE is not set' CONFIG_THREE_AND_MORE=y
ok "a configuration that has what is asked for is taken" takes
has CONFIG_ONE=y CONFIG_TWO=m
ok "so is one that does not know what is to be off" takes
has CONFIG_ONE=y CONFIG_TWO=y
ok "an option with another value is an error" refuses "lacks CONFIG_TWO=m"
has CONFIG_ONE=y CONFIG_TWO=m CONFIG_THREE=m
ok "an option that is to be off and is on is an error" refuses "has CONFIG_THREE, which is to be off"
printf '1..%d\n' "$tap_count"
[ "$tap_failed" -eq 0 ]
