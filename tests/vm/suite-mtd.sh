# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Slots that are MTD partitions, on simulated NOR-like (mtdram) and NAND flash (nandsim) with bad blocks and flipped bits,
# and boot counters as U-Boot keeps them. "bootcount" plays U-Boot; taking the module out and in plays a restart.
#
# kernels: 6.1 6.12 debug
# timeout: 900
. /mnt/host/tests/vm/mtd.sh

legacy_image board-1.0 100000 $images/one
legacy_image board-1.1 300001 $images/two

# --- What is asked for wrongly ----------------------------------------------------------------

refused "Invalid argument" "a device without slots is refused" modprobe fwslot_mtd devices=id=acme/flash
ok "with a reason in the log" eval 'dmesg | tail -n 5 | grep -q "needs id= and slots="'
ok "a device whose partitions are not there is none" modprobe fwslot_mtd devices=id=acme/flash,slots=nowhere
sleep 0.5
ok "but no error" test ! -e $class/fwslot0
hide

# --- NOR-like flash ---------------------------------------------------------------------------

modprobe mtdram total_size=4096 erase_size=64 || bail "no mtdram"
modprobe mtdblock 2>/dev/null
flash=$(mtd 'mtdram test device')
mtd-part add "$flash" fw-a 0 0x100000
mtd-part add "$flash" fw-b 0x100000 0x100000
mtd-part add "$flash" count 0x200000 0x20000
for name in fw-a fw-b count; do mtd-part erase "$(mtd $name)"; done

ok "partitions without a boot record" show "id=acme/storage,slots=fw-a:fw-b,name=Two partitions,serial=77"
is "$(cd $class/fwslot0 && grep -h . name provider hardware_id serial num_slots | paste -sd,)" \
	"Two partitions,mtd,acme/storage,77,2" "are a device"
ok "without boot/" test ! -e $class/fwslot0/boot
is "$(get fwslot0.1/label),$(get fwslot0.1/size),$(get fwslot0.1/state)" "fw-b,1048576,empty" "with slots"
ok "one is written" write fwslot0.1 $images/two
is "$(get fwslot0.1/state),$(get fwslot0.1/version),$(get fwslot0.1/image_size)" \
	"valid,board-1.1,300065" "it says what it holds"
is "$(get fwslot0.1/digest)" "sha256:$(sha256sum <$images/two | cut -d' ' -f1)" "and its digest"
ok "the flash has every byte" cmp -n 300065 $images/two "$(mtd fw-b)"
ok "and is erased behind" cmp -n 1000 -i 300065:0 "$(mtd fw-b)" <(head -c 1000 /dev/zero | tr '\0' '\377')
ok "the slot reads the same" cmp $images/two $class/fwslot0.1/data
head -c 1048577 /dev/zero >$images/large
is "$(begin fwslot0.1 $images/large 2>&1 | grep -o 'File too large'; put fwslot0.1/loading -1)" \
	"File too large" "what does not fit is refused"
ok "erased" put fwslot0.1/erase 1
ok "empty" within 90 reads fwslot0.1/state empty
ok "the flash is" cmp -n 1048576 "$(mtd fw-b)" <(head -c 1048576 /dev/zero | tr '\0' '\377')
hide

# --- Boots ------------------------------------------------------------------------------------

spec="id=acme/flash,slots=fw-a:fw-b,boot=count@0x40,form=file,limit=2"
counter="$(mtd count)@0x40"
# reboot: the host restarts; U-Boot counts.
reboot_host() {
	hide
	bootcount "$counter" file boot >/dev/null
	show "$spec"
}
look() {
	echo "$(get fwslot0.0/state) $(get fwslot0.1/state) $(boot state) $(boot running_slot) $(boot next_slot) $(boot attempts_left)"
}

dd if=$images/one of="$(mtd fw-a)" bs=64k 2>/dev/null
ok "with a boot record" show "$spec"
is "$(look)" "confirmed empty confirmed 0 0 2" "a record that was never written is one of slot 0"
is "$(get fwslot0.0/version)" board-1.0 "which holds what its header says"
refused "Text file busy" "it is running, so it is not written" put fwslot0.0/loading 1
ok "the restart of the host is the only one" test ! -e $class/fwslot0/restart
write fwslot0.1 $images/two
ok "the other is chosen for trial" put fwslot0.1/activate trial
is "$(look)" "confirmed pending confirmed 0 1 2" "and pending"
is "$(bootcount "$counter" file)" "0 1" "U-Boot is told to count"
reboot_host
is "$(look)" "confirmed trial trial 1 1 1" "the first boot of the trial"
is "$(boot fallback_slot)" 0 "the way back"
refused "Device or resource busy" "is not overwritten" put fwslot0.0/loading 1
reboot_host
is "$(look)" "confirmed trial trial 1 1 0" "the second"
ok "confirmed" put fwslot0/boot/confirm 1
is "$(look)" "unknown confirmed confirmed 1 1 2" "it is good, and nobody vouches for the other" ||
	note "$(grep -h . $class/fwslot0.0/version)"
is "$(bootcount "$counter" file)" "0 0" "U-Boot stops counting"
reboot_host
is "$(look | cut -d' ' -f2-)" "confirmed confirmed 1 1 2" "a restart of what is good is no attempt"

write fwslot0.0 $images/one
put fwslot0.0/activate trial
for _ in 1 2 3; do reboot_host; done
is "$(look)" "invalid confirmed fallback 1 1 2" "one boot more than the limit: U-Boot went back"
is "$(boot last_restart_reason)" attempts-exhausted "and that is why"
refused "No such file" "there is nothing to confirm" put fwslot0/boot/confirm 1
ok "what runs is made the choice for good" put fwslot0.1/activate permanent
is "$(boot state),$(bootcount "$counter" file)" "confirmed,0 0" "confirmed"
ok "the other slot is written" write fwslot0.0 $images/one
ok "and made the choice for good" put fwslot0.0/activate permanent
is "$(look)" "pending confirmed confirmed 1 0 2" "it is pending, and what runs still does"
reboot_host
is "$(look)" "confirmed unknown confirmed 0 0 2" "its first start is enough"
is "$(bootcount "$counter" file)" "0 0" "U-Boot counts no more"
ok "what was written beside the record is still there" \
	cmp -n 64 "$(mtd count)" <(head -c 64 /dev/zero | tr '\0' '\377')
hide

for form in 'pair little' 'pair big' 'word little' 'word big' 'bytes little'; do
	read -r name order <<<"$form"
	mtd-part erase "$(mtd count)"
	spec="id=acme/flash,slots=fw-a:fw-b,boot=count,form=$name,endian=$order,limit=3"
	counter=$(mtd count)@0
	show "$spec"
	put fwslot0.1/activate trial
	hide
	bootcount "$counter" "$name" "$order" boot >/dev/null
	bootcount "$counter" "$name" "$order" boot >/dev/null
	show "$spec"
	is "$(boot state) $(boot attempts) $(boot attempts_left)" "trial 2 1" "form $form: two boots of a trial"
	put fwslot0/boot/confirm 1
	is "$(bootcount "$counter" "$name" "$order")" 0 "... confirmed: 0"
	hide
	bootcount "$counter" "$name" "$order" boot >/dev/null
	show "$spec"
	is "$(boot state) $(bootcount "$counter" "$name" "$order")" "confirmed 0" \
		"... a boot of what is good is counted by U-Boot and taken back"
	hide
done

# --- Partitions come and go -------------------------------------------------------------------

show "$spec"
ok "a partition goes" take_away fw-b
ok "and the device with it" within 90 test ! -e $class/fwslot0
mtd-part add "$flash" fw-b 0x100000 0x100000
ok "it comes, and the device is back" within 90 is_here fwslot0
gone=0
for _ in 1 2 3 4 5; do
	start_write fwslot0.1 $images/two 2>/dev/null
	take_away fw-b && within 90 test ! -e $class/fwslot0 && gone=$((gone + 1))
	mtd-part add "$flash" fw-b 0x100000 0x100000
	within 90 is_here fwslot0
done
is $gone 5 "five times in the middle of a write"
exec 9<"$(mtd fw-b)"
mtd-part del "$flash" "$(mtd fw-b)" 2>/dev/null # before 6.6 this is refused
ok "also if somebody uses the partition" within 90 test ! -e $class/fwslot0
exec 9<&-
[ -z "$(mtd fw-b)" ] || take_away fw-b
mtd-part add "$flash" fw-b 0x100000 0x100000
ok "and back again" within 90 is_here fwslot0
hide
rmmod mtdblock 2>/dev/null
for name in fw-a fw-b count; do take_away $name; done
ok "nothing holds the flash" within 90 rmmod mtdram

# --- NAND -------------------------------------------------------------------------------------

# 16 MiB, pages of 512 bytes, blocks of 16 KiB; blocks 2 and 41 are bad; one bit of each page flips.
modprobe nandsim id_bytes=0x20,0x33 parts=40,40,4 badblocks=2,41 bitflips=1 || bail "no nandsim"
slots='NAND simulator partition 0:NAND simulator partition 1'
nand="id=acme/nand,slots=$slots,boot=NAND simulator partition 2"
ok "NAND flash" show "$nand"
is "$(get fwslot0.0/size),$(get fwslot0.1/size)" "$((39 * 16384)),$((39 * 16384))" "bad blocks do not count"
ok "written around a bad block, with flipping bits" write fwslot0.1 $images/two
ok "and right" cmp $images/two $class/fwslot0.1/data
ok "the boot record is written" put fwslot0.1/activate trial
is "$(bootcount "$(mtd 'NAND simulator partition 2')@0" pair)" 0 "and can be read"
hide
rmmod nandsim

# Blocks that turn bad while they are used: one that fails to erase, one that fails to be written (45). One (2)
# cannot even be marked, which is done in its first page.
modprobe nandsim id_bytes=0x20,0x33 parts=40,40,4 weakblocks=43:0 weakpages=1445:0,64:0 || bail "no nandsim"
ok "NAND flash that wears out" show "$nand"
is "$(get fwslot0.1/size)" $((40 * 16384)) "all blocks look good"
ok "is written" write fwslot0.1 $images/two
ok "and right" cmp $images/two $class/fwslot0.1/data
is "$(dmesg | grep -c 'turned bad and is replaced')" 2 "two blocks were replaced"
hide
show "$nand"
is "$(get fwslot0.1/size)" $((38 * 16384)) "and do not count the next time"
ok "written again" write fwslot0.1 $images/two
hide
show "id=acme/nand,slots=$slots"
is "$(write_error fwslot0.0 $images/two)" transferring:flash-wearout "a bad block that cannot be marked fails the write"
is "$(get fwslot0.0/state)" partial "and the slot is not taken for good"
hide
rmmod nandsim

# More bits flip than can be corrected.
modprobe nandsim id_bytes=0x20,0x33 parts=40,40,4 gravepages=1288:0 || bail "no nandsim"
show "$nand"
is "$(write_error fwslot0.1 $images/two)" verifying:read-write-error "flash that cannot be read fails the write"
is "$(get fwslot0.1/state)" partial "and the slot is not taken for good"
hide
rmmod nandsim

# --- The record on nvmem ----------------------------------------------------------------------

modprobe mtdram total_size=4096 erase_size=64
flash=$(mtd 'mtdram test device')
mtd-part add "$flash" fw-a 0 0x100000
mtd-part add "$flash" fw-b 0x100000 0x100000
for name in fw-a fw-b; do mtd-part erase "$(mtd $name)"; done
dd if=$images/one of="$(mtd fw-a)" bs=64k 2>/dev/null
modprobe i2c-stub chip_addr=0x50 || bail "no i2c-stub"
modprobe at24 || bail "no at24"
bus=$(dirname "$(grep -ls 'SMBus stub' /sys/bus/i2c/devices/i2c-*/name)")
echo 24c02 0x50 >"$bus/new_device"
within 90 test -e "$bus/${bus##*i2c-}-0050/eeprom"
eeprom=$bus/${bus##*i2c-}-0050/eeprom
nvmem=$(basename /sys/bus/nvmem/devices/"${bus##*i2c-}"-0050*)
spec="id=acme/flash,slots=fw-a:fw-b,boot=nvmem/$nvmem@0x10,form=bytes,limit=2"
ok "a boot record in an EEPROM" show "$spec"
write fwslot0.1 $images/two
ok "chosen for trial" put fwslot0.1/activate trial
hide
bootcount "$eeprom@0x10" bytes boot >/dev/null
show "$spec"
is "$(look)" "confirmed trial trial 1 1 1" "booted on trial"
ok "confirmed" put fwslot0/boot/confirm 1
is "$(bootcount "$eeprom@0x10" bytes)" 0 "and 0"
hide
finish
