// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DfuSe conversations against a model of a device with addressed memory that must be erased first.
 */
#include <errno.h>

#include "dfu-wire.h"
#include "kmod/dfu/protocol/dfuse.h"
#include "tap.h"

#define LAYOUT "@Flash/0x08000000/1*1Ka,7*1Kg,16*64Kg"
#define BASE 0x08000400u
#define BLOCK 512

static uint8_t image[BLOCK * 20];

static int write_image(struct dfu_wire *wire, u32 address, size_t length)
{
	int ret = dfu_reach_idle(&wire->session);

	for (size_t done = 0; !ret && done < length; done += BLOCK)
		ret = dfuse_write(&wire->session, address + done, image + done, BLOCK);
	return ret;
}

static int read_back(struct dfu_wire *wire, u32 address, size_t length)
{
	uint8_t block[BLOCK];
	int ret = 0;

	for (size_t done = 0; !ret && done < length; done += BLOCK) {
		ret = dfuse_read(&wire->session, address + done, block, BLOCK);
		if (!ret && memcmp(block, image + done, BLOCK))
			return -EBADMSG;
	}
	return ret;
}

static void start(struct dfu_wire *wire, const char *layout)
{
	dfu_wire_init_dfuse(wire, layout);
	wire->config.transfer_bytes = BLOCK;
	wire->config.erase_ms = 40;
	wire->config.busy_ms = 2;
	dfu_wire_start(wire);
}

static void test_write_and_read(void)
{
	struct dfu_wire wire;
	unsigned int before;

	start(&wire, LAYOUT);
	tap_is(write_image(&wire, BASE, 4 * BLOCK), 0, "erased memory is written");
	tap_is(read_back(&wire, BASE, 4 * BLOCK), 0, "and reads back");
	tap_is(write_image(&wire, BASE, BLOCK), -EUCLEAN, "a second time it is not erased");
	tap_is(dfu_reach_idle(&wire.session), 0, "the device recovers");
	wire.waited_us = 0;
	tap_is(dfuse_erase(&wire.session, BASE), 0, "a sector is erased");
	tap_is(wire.waited_us / 1000, 40, "after the time the device asked for");
	tap_is(dfuse_erase(&wire.session, BASE + 1024), 0, "and the next one");
	tap_is(write_image(&wire, BASE, 4 * BLOCK), 0, "then it is written again");

	before = wire.model.requests;
	tap_is(read_back(&wire, BASE, 4 * BLOCK), 0, "reading");
	tap_is(wire.model.requests - before, 3 + 3 + 3 + 4,
	       "costs leaving the download, one address, leaving that, and the blocks");

	tap_is(write_image(&wire, 0x08000000, BLOCK), -EIO, "memory that can only be read");
	tap_is(write_image(&wire, 0x09000000, BLOCK), -EFBIG, "an address outside");
	tap_is(dfu_reach_idle(&wire.session), 0, "the device recovers");
	tap_is(dfuse_erase(&wire.session, 0x09000000), -EFBIG, "nothing to erase there");
	tap_is(dfu_reach_idle(&wire.session), 0, "the device recovers");
	tap_is(dfuse_erase(&wire.session, 0x08000000), -EUCLEAN, "nor where it cannot be erased");
	dfu_wire_free(&wire);
}

/* After a jump in the addresses the block number starts again, or the data would land elsewhere. */
static void test_jumps(void)
{
	struct dfu_wire wire;

	start(&wire, LAYOUT);
	tap_is(dfu_reach_idle(&wire.session), 0, "idle");
	tap_is(dfuse_write(&wire.session, BASE, image, BLOCK), 0, "a block");
	tap_is(dfuse_write(&wire.session, BASE + 5 * BLOCK, image + 5 * BLOCK, BLOCK), 0,
	       "a block further on");
	tap_is(dfuse_write(&wire.session, BASE + BLOCK, image + BLOCK, 100), 0,
	       "a short one before it");
	tap_is(dfuse_write(&wire.session, BASE + BLOCK + 100, image + BLOCK + 100, BLOCK - 100), 0,
	       "and its rest");
	tap_is(read_back(&wire, BASE, 2 * BLOCK), 0, "the first two blocks are right");
	for (int i = 0; i < BLOCK; i++)
		image[2 * BLOCK + i] = 0xff;
	tap_is(read_back(&wire, BASE + 2 * BLOCK, 0), 0, "nothing");
	dfu_wire_free(&wire);
}

/* 0 and 1 are commands: the number must not come round to them. */
static void test_block_number_does_not_wrap(void)
{
	static uint8_t byte[16];
	struct dfu_wire wire;
	u32 address = 0;
	int ret;

	start(&wire, "@Big/0x0/64*64Kg");
	wire.config.transfer_bytes = 16;
	wire.config.busy_ms = 0;
	dfu_wire_start(&wire);
	ret = dfu_reach_idle(&wire.session);
	for (int i = 0; !ret && i < 70000; i++, address += 16) {
		byte[0] = i;
		byte[1] = i >> 8;
		ret = dfuse_write(&wire.session, address, byte, 16);
	}
	tap_is(ret, 0, "70000 blocks in a row");
	address = 0;
	for (int i = 0; !ret && i < 70000; i++, address += 16) {
		ret = dfuse_read(&wire.session, address, byte, 16);
		if (byte[0] != (uint8_t)i || byte[1] != (uint8_t)(i >> 8))
			ret = -EBADMSG;
	}
	tap_is(ret, 0, "read back, each where it belongs");
	dfu_wire_free(&wire);
}

static void test_slow_erase(void)
{
	struct dfu_wire wire;

	start(&wire, LAYOUT);
	wire.config.erase_ms = 32000;
	tap_is(dfu_reach_idle(&wire.session), 0, "idle");
	tap_is(dfuse_erase(&wire.session, BASE), 0, "a sector that takes 32 s is waited for");
	dfu_wire_free(&wire);
}

static void test_leave(void)
{
	struct dfu_wire wire;

	start(&wire, LAYOUT);
	tap_is(write_image(&wire, BASE, 2 * BLOCK), 0, "an image");
	tap_is(dfuse_leave(&wire.session, BASE), 0, "the device starts it");
	tap_is(wire.model.pointer, BASE, "from its address");
	tap_ok(wire.model.state == DFU_IDLE, "and manifests");
	dfu_wire_free(&wire);

	start(&wire, LAYOUT);
	wire.config.manifestation = MANIFEST_SELF_RESET;
	wire.config.attributes &= ~ATTRIBUTE_TOLERANT;
	dfu_wire_start(&wire);
	tap_is(dfuse_leave(&wire.session, BASE), 0, "a device that goes away for it");
	tap_ok(wire.is_off || wire.model.state == DFU_MANIFEST, "is gone or going");
	dfu_wire_free(&wire);

	start(&wire, LAYOUT);
	fault_add(&wire.model.faults, "stall@d1:11");
	tap_is(dfuse_leave(&wire.session, BASE), -EPROTO, "one that refuses says so");
	dfu_wire_free(&wire);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = i * 13 + (i >> 9);
	test_write_and_read();
	test_jumps();
	test_block_number_does_not_wrap();
	test_slow_erase();
	test_leave();
	return tap_done();
}
