# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154 # of run
#
# The machines that tests/vm/run can make: each function adds to $arguments for QEMU, and to
# $append for the kernel, what its machine has. Sourced by run, with its options checked.

# Host bridges have bus numbers 28 apart, from 12 on.
most_expanders=8

# check_expanders: leaves their sizes in $expanders and their serial numbers in $serials.
check_expanders()
{
	local index expander

	serials=()
	if ((${#expanders[@]} == 0)); then
		expanders=("$(bytes_of --size "${size:-2G}" 256M)")
		serials=(0xc0ffee)
	else
		[[ ! $size ]] || wrong "--size does not go with --expander, which says it"
		((${#expanders[@]} <= most_expanders)) || wrong "the machine takes $most_expanders times --expander"
		for index in "${!expanders[@]}"; do
			expander=${expanders[index]}
			serials[index]=0
			if [[ $expander =~ ^([^,]*),sn=(0x[0-9a-fA-F]{1,16}|[0-9]{1,19})$ ]]; then
				expander=${BASH_REMATCH[1]}
				serials[index]=${BASH_REMATCH[2]}
			fi
			expanders[index]=$(bytes_of --expander "$expander" 256M)
		done
	fi
	size=${expanders[0]}
}

# ordinary_node: node 0, with the processors. Without -numa there would be no NUMA
# at all, and the CXL memory would have no node of its own.
ordinary_node()
{
	arguments+=(-object "memory-backend-ram,id=ram,size=$node0"
		-numa "node,nodeid=0,memdev=ram,cpus=0-$((cpus - 1))")
}

# second_node [,PROPERTY...]: node 1, memory only. Firmware has to describe its
# memory (HMAT), or the kernel's hmem driver does not know the node.
second_node()
{
	local target

	arguments+=(-machine hmat=on -numa "node,nodeid=1,initiator=0${1:-}")
	for target in 0 1; do
		arguments+=(
			-numa "hmat-lb,initiator=0,target=$target,hierarchy=memory,data-type=access-latency,latency=$((target + 1))00"
			-numa "hmat-lb,initiator=0,target=$target,hierarchy=memory,data-type=access-bandwidth,bandwidth=10G")
	done
}

machine_cxl()
{
	local index size serial window windows=

	ordinary_node
	arguments+=(-m "${node0}b")
	for index in "${!expanders[@]}"; do
		size=${expanders[index]}
		serial=${serials[index]}
		window=$((4 << 30))
		((window >= size)) || window=$size
		arguments+=(-object "memory-backend-ram,id=expander$index,share=on,reserve=off,size=$size"
			-device "pxb-cxl,bus_nr=$((12 + 28 * index)),bus=pcie.0,id=cxl$index"
			-device "cxl-rp,port=0,bus=cxl$index,id=root_port$index,chassis=0,slot=$((2 + index))"
			-device "cxl-type3,bus=root_port$index,volatile-memdev=expander$index,sn=$serial,id=type3$index")
		windows+=",cxl-fmw.$index.targets.0=cxl$index,cxl-fmw.$index.size=$window"
	done
	# All windows in one option, or QEMU calls them inconsistent.
	arguments+=(-machine "cxl=on$windows")
	[[ ! $virtio_mem ]] || beside_virtio_mem
}

# beside_virtio_mem: a device whose driver adds memory without asking any policy but the system's.
beside_virtio_mem()
{
	arguments+=(-m "maxmem=$((node0 + virtio_mem + (1 << 30)))b"
		-object "memory-backend-ram,id=virtio_mem,reserve=off,size=$virtio_mem"
		-device "virtio-mem-pci,bus=pcie.0,memdev=virtio_mem,node=0,requested-size=$virtio_mem,ioeventfd=off")
}

machine_hmem()
{
	local below=$((2 << 30)) start

	# All of the second node must be above 4 GiB.
	((node0 >= below)) || wrong "the hmem machine needs --node0 2G or more"
	start=$(((4 << 30) + node0 - below))
	ordinary_node
	second_node ,memdev=soft
	arguments+=(-machine "max-ram-below-4g=$below" -m "$((node0 + size))b"
		-object "memory-backend-ram,id=soft,reserve=off,size=$size")
	# Without nokaslr, the kernel may be loaded into that memory.
	append+=" nokaslr memmap=$size%$start-1+0xefffffff"
}

machine_pmem()
{
	local label=$((2 << 20)) node=0

	ordinary_node
	# On arm64, the firmware counts flash memory as memory, which is on no node. Linux then
	# takes everything for one node.
	if [[ $architecture = x86_64 ]]; then
		second_node
		node=1
	fi
	arguments+=(-machine nvdimm=on -m "${node0}b,slots=1,maxmem=$((node0 + size + (1 << 30)))b"
		-object "memory-backend-ram,id=persistent,reserve=off,size=$((size + label))"
		-device "nvdimm,id=nvdimm,memdev=persistent,label-size=$label,node=$node")
}

# What all machines of a kind have.

kind_x86()
{
	append+=" console=ttyS0"
	# While one processor of QEMU sets up PCI, another one's access may reach
	# the wrong device, and then the guest hangs or QEMU fails an assertion
	# (iotlb_to_section, about one boot in a hundred with 10.0). So the kernel
	# starts with one processor, and init adds the others.
	append+=" maxcpus=1"
	if [[ $icount ]]; then
		arguments+=(-icount "shift=0,sleep=off")
	else
		# On a busy host, the kernel may calibrate the TSC far too slow, so
		# that time flies; it may never finish measuring the speed of a
		# second processor; and its timer test may see no ticks in time.
		append+=" tsc=unstable clocksource=hpet lpj=10000000 no_timer_check"
	fi
	# KASAN's address range depends on whether 5-level paging is on. While the kernel identifies
	# the boot processor, it reads as off, and an interrupt then causes a false report.
	if grep -qsx CONFIG_KASAN=y "$kernel/.config"; then
		append+=" no5lvl"
	fi
	arguments+=(-machine q35 -cpu max)
}

kind_arm64()
{
	append+=" console=ttyAMA0 maxcpus=1"
	# The firmware brings the tables (ACPI) that describe NVDIMMs.
	arguments+=(-machine "virt,gic-version=3" -cpu cortex-a76
		-bios /usr/share/qemu-efi-aarch64/QEMU_EFI.fd)
}
