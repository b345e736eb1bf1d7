#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Writers of the policy against kmem binding the device: a bind takes one policy
# or the other, whole, and while it lasts nobody can change it. And writers against
# kmem being unloaded, whose driver they look at.

set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. /usr/local/lib/vm/lib.sh

rounds=20
unloads=50

# The two whose memory can be unplugged. The system default is offline.
write_policies()
{
	local policy written=0 refused=0

	while [[ ! -e /run/over ]]; do
		for policy in online_movable offline default; do
			if set_policy dax0.0 "$policy" 2>/dev/null; then
				written=$((written + 1))
			else
				refused=$((refused + 1))
			fi
		done
	done
	printf '%d %d\n' "$written" "$refused"
}

read_policies()
{
	while [[ ! -e /run/over ]]; do
		policy_of dax0.0
	done | sort -u
}

# bind_too: competes with the main loop for the bind; may lose.
bind_too()
{
	while [[ ! -e /run/over ]]; do
		echo dax0.0 2>/dev/null >"$dax_drivers/kmem/bind" || : "somebody else was first"
	done
}

one_round()
{
	local policy status=offline

	echo dax0.0 2>/dev/null >"$dax_drivers/kmem/bind" || : "bind_too was first"
	expect "$(driver_of dax0.0)" kmem
	policy=$(policy_of dax0.0)
	if [[ $policy = online_movable ]]; then
		status="online Movable"
	fi
	all_blocks dax0.0 "$status"
	expect "$(policy_of dax0.0)" "$policy"
	take_out dax0.0
	expect "$(policy_of dax0.0)" "$policy"
	unbind dax0.0
}

counts_are_positive()
{
	local written=0 refused=0 more_written more_refused

	while read -r more_written more_refused; do
		written=$((written + more_written))
		refused=$((refused + more_refused))
	done < <(cat "$@")
	((written > 0 && refused > 0)) || fail "$written writes accepted, $refused refused"
}

# only_policies FILE: every line is a policy that was written, and there is at least
# one line.
only_policies()
{
	[[ -s $1 ]] || fail "nothing was read"
	! grep -vxE 'default|offline|online_movable' "$1"
}

# write_both: the attributes that depend on which driver has the device. Each write
# is a change, as the driver does not matter otherwise.
write_both()
{
	local index policies=(offline default)

	while [[ ! -e /run/over ]]; do
		for index in 0 1; do
			set_policy dax0.0 "${policies[index]}" 2>/dev/null || : "kmem has it"
			echo "$index" 2>/dev/null >"$dax_devices/dax0.0/memmap_on_memory" ||
				: "kmem has it, or the kernel does not allow 1"
		done
	done
}

# With its memory offline, kmem lets the device go when it is unloaded.
unloads_kmem_again_and_again()
{
	local count

	for ((count = 0; count < unloads; count++)); do
		modprobe kmem
		if [[ $(driver_of dax0.0) = none ]]; then
			bind dax0.0 kmem
		fi
		expect "$(driver_of dax0.0)" kmem
		rmmod kmem
		expect "$(driver_of dax0.0)" none
	done
}

ends_with_a_working_device()
{
	move dax0.0 device_dax
	all_blocks dax0.0 absent
	set_policy dax0.0 online_movable
	move dax0.0 kmem
	all_blocks dax0.0 "online Movable"
}

# kmem has to have bound it once, for "bind" to work on every machine.
modprobe kmem
move dax0.0 kmem
take_out dax0.0
unbind dax0.0

write_policies >/run/writes.0 &
write_policies >/run/writes.1 &
read_policies >/run/reads &
bind_too &
for ((round = 1; round <= rounds; round++)); do
	ok "round $round: the blocks follow the policy, which does not change" one_round
done
touch /run/over
wait

ok "some writes were accepted, some refused" counts_are_positive /run/writes.0 /run/writes.1
ok "every value that was read is a policy" only_policies /run/reads
# bind_too may have bound it last.
if [[ $(driver_of dax0.0) = kmem ]]; then
	take_out dax0.0
fi
if [[ $(driver_of dax0.0) != none ]]; then
	unbind dax0.0
fi
rm /run/over
write_both &
write_both &
ok "kmem can be unloaded while the attributes are written" unloads_kmem_again_and_again
touch /run/over
wait
modprobe kmem
ok "the device works as before" ends_with_a_working_device
done_testing
