#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How many events each policy causes, which is how often the rules of the distributions load the
# crash kernel again: the table of docs/faq.md, which has to be in /root. Needs the files of kdump,
# kexec-tools and crashkernel=. Memory in a kernel zone is there to stay: it comes last in its boot.
# In the third boot, a crash kernel is loaded, and the kernel keeps its list of memory itself.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=../../vm/guest/lib.sh
. /usr/local/lib/vm/lib.sh
# shellcheck source-path=SCRIPTDIR source=system.sh
. /usr/local/lib/vm/system.sh

events=/run/events
distributions="Debian RHEL SUSE"

# counted EVENT: prints how many there were, of "dax bind" for example.
counted()
{
	grep -cx "$1" "$events" || [[ $? = 1 ]]
}

# per_block EVENT BLOCKS: prints how many there were for each block, which has to be a whole number.
per_block()
{
	local count

	count=$(counted "$1")
	((count % $2 == 0)) || fail "$count times '$1', for $2 blocks"
	echo $((count / $2))
}

# row POLICY WHAT COMMAND...: prints the row of the table with what the command causes.
row()
{
	local policy=$1 what=$2 blocks events_of_blocks='' action count distribution reloads=''

	shift 2
	blocks=$(blocks_of dax0.0 | wc -l)
	wait_until_quiet
	: >"$events"
	"$@" >/dev/null
	wait_until_quiet
	for action in add online offline remove; do
		count=$(per_block "memory $action" "$blocks")
		((count == 0)) || events_of_blocks+="${events_of_blocks:+, }$count $action"
	done
	for distribution in $distributions; do
		reloads+=" $(per_block "reload $distribution" "$blocks") |"
	done
	# shellcheck disable=SC2016 # Markdown
	printf '| `%s` | %s | %s | %s |%s\n' "$policy" "$what" "$(grep -c '^dax ' "$events")" \
		"${events_of_blocks:-none}" "$reloads"
}

comes()
{
	row "$1" "to system-ram" daxctl reconfigure-device --mode=system-ram --online-type="$1" dax0.0
}

goes()
{
	row "$1" "to devdax" daxctl reconfigure-device --mode=devdax --force dax0.0
}

# is_in_table ROW: the document has that row.
is_in_table()
{
	local row

	row=$("$@")
	grep -qxF "$row" /root/faq.md || fail "not in docs/faq.md: $row"
}

load_crash_kernel()
{
	kexec -s -p --reuse-cmdline "/boot/vmlinuz-$(uname -r)"
	crash_kernel_is_loaded
}

crash_kernel_is_loaded()
{
	expect "$(</sys/kernel/kexec_crash_loaded)" 1
	expect "$(<"$memory/crash_hotplug")" 1
}

# reloads COMMAND...: whose rules want it loaded again for each block, when it runs.
reloads()
{
	expect "$("$@" | cut -d '|' -f 6-)" " 1 | 0 | 0 |"
	crash_kernel_is_loaded
}

policies=(unplugged offline online_movable)
has_unplugged || policies=(offline online_movable)
if [[ $(driver_of dax0.0) = kmem ]]; then
	daxctl reconfigure-device --mode=devdax --force dax0.0 >/dev/null
fi
case $BOOT in
1)
	for policy in "${policies[@]}"; do
		ok "$policy: what its bind causes is in the table" is_in_table comes "$policy"
		ok "$policy: what its removal causes is in the table" is_in_table goes "$policy"
	done
	ok "online: what its bind causes is in the table" is_in_table comes online
	;;
2)
	ok "online_kernel: what its bind causes is in the table" is_in_table comes online_kernel
	;;
3)
	ok "a crash kernel is loaded, whose list of memory the kernel keeps" load_crash_kernel
	ok "online_movable: only Debian's rule wants it again for each block that comes" reloads comes online_movable
	ok "online_movable: only Debian's rule wants it again for each block that goes" reloads goes online_movable
	;;
esac
boot_done
