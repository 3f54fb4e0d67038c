// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the DFU driver reads from devices before it speaks with them: functional descriptors and
 * DfuSe memory layouts; and its tables of states and status codes, row by row.
 */
#include "kmod/dfu/protocol/descriptor.h"
#include "kmod/dfu/protocol/layout.h"
#include "kmod/dfu/protocol/states.h"
#include "tap.h"

static void test_descriptor(void)
{
	static const u8 whole[] = { 9, 0x21, 0x0b, 0xff, 0x00, 0x00, 0x08, 0x1a, 0x01 };
	static const u8 short_form[] = { 7, 0x21, 0x07, 0x00, 0x00, 0x40, 0x00 };
	static const u8 after_another[] = { 3, 0x30, 0, 9, 0x21, 1, 1, 0, 0xff, 0xff, 0x99, 0x99 };
	static const u8 tiny[] = { 9, 0x21, 0x03, 0, 0, 0, 0, 0x10, 0x01 };
	static const u8 accelerated[] = { 9, 0x21, 0x83, 0, 0, 0x20, 0x00, 0x1a, 0x01 };
	static const u8 huge[] = { 9, 0x21, 0x03, 0, 0, 0xfe, 0xff, 0x10, 0x01 };
	static const u8 endless[] = { 0, 0x21, 9, 0x21, 1, 1, 0, 0xff, 0xff, 0, 0 };
	static const u8 cut[] = { 9, 0x21, 0x0b, 0xff, 0x00, 0x00, 0x08, 0x1a };
	struct dfu_function function;

	tap_is(dfu_function_parse(whole, sizeof(whole), &function), 0, "a functional descriptor");
	tap_ok(function.can_download && function.can_upload && function.will_detach &&
		       !function.is_manifestation_tolerant,
	       "its attributes");
	tap_is(function.detach_timeout_ms, 255, "its detach timeout");
	tap_is(function.transfer_bytes, 2048, "its transfer size");
	tap_is(function.version, DFU_VERSION_DFUSE, "its version");

	tap_is(dfu_function_parse(short_form, sizeof(short_form), &function), 0,
	       "the 7 byte form of DFU 1.0");
	tap_is(function.version, DFU_VERSION_1_1, "is treated as 1.1");
	tap_is(function.detach_timeout_ms, DFU_DETACH_TIMEOUT_MS_DEFAULT,
	       "no detach timeout: a second");

	tap_is(dfu_function_parse(after_another, sizeof(after_another), &function), 0,
	       "one behind another descriptor");
	tap_is(function.transfer_bytes, DFU_BLOCK_BYTES_GUESS, "ffff: a guess");
	tap_is(function.version, DFU_VERSION_1_1, "an unknown version is 1.1");
	tap_ok(!function.can_upload, "it cannot upload");

	dfu_function_parse(tiny, sizeof(tiny), &function);
	tap_is(function.block_bytes, 64, "size 0: 64");
	dfu_function_parse(accelerated, sizeof(accelerated), &function);
	tap_is(function.block_bytes, 4096, "an accelerated device: 4096");
	dfu_function_parse(huge, sizeof(huge), &function);
	tap_is(function.transfer_bytes, 0xfffe, "a huge one is remembered");
	tap_is(function.block_bytes, DFU_BLOCK_BYTES_MAX, "but not used");

	tap_is(dfu_function_parse(endless, sizeof(endless), &function), -ENOENT,
	       "a descriptor of length 0 ends the search");
	tap_is(dfu_function_parse(cut, sizeof(cut), &function), -ENOENT, "so does a cut one");
	tap_is(dfu_function_parse(NULL, 0, &function), -ENOENT, "none at all");
	tap_ok(function.can_download && function.can_upload, "is assumed to do everything");
}

static void test_layout(void)
{
	static const char *const wrong[] = {
		"@",
		"@Name",
		"@Name/",
		"@Name/0x0",
		"@Name/0x0/",
		"@Name/1000/1*1Kg",
		"@Name/0x/1*1Kg",
		"@Name/0x100000000/1*1Kg",
		"@Name/0x0/0*1Kg",
		"@Name/0x0/1*0Kg",
		"@Name/0x0/1*1Kh",
		"@Name/0x0/1*1K",
		"@Name/0x0/1*1Kg,",
		"@Name/0x0/1*1Kg;",
		"@Name/0x0/1*2048Mg",
		"@Name/0x0/99999999999*1Kg",
		"@Name/0xfffffc00/2*1Kg",
		"@Name/0xfffffc00/1*1Kg,1*1Kg",
		"@Name/0x0/2*1Kg/0x400/1*1Kg",
		"@Name/0x400/1*1Kg/0x0/2*1Kg",
	};
	struct dfuse_layout layout;
	struct dfuse_sector sector;
	char text[DFUSE_RUNS_MAX * 8 + 32] = "@Many/0x0/1*1Kg";

	tap_is(dfuse_layout_parse(
		       "@Internal Flash  /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg", &layout),
	       0, "the layout of an STM32F4");
	tap_is_string(layout.name, "Internal Flash", "its name");
	tap_is(layout.num_runs, 4, "its runs");
	tap_is(dfuse_layout_first_bytes(&layout), 1024 * 1024, "its size");
	tap_is(dfuse_layout_find(&layout, 0x0800ffff, &sector), 0, "its fourth sector");
	tap_ok(sector.start == 0x0800c000 && sector.bytes == 16384 && sector.abilities == 7,
	       "is found by its last byte");
	tap_is(dfuse_layout_find(&layout, 0x08010000, &sector), 0, "the next byte");
	tap_is(sector.start, 0x08010000, "belongs to the next sector");
	tap_is(dfuse_layout_find(&layout, 0x08100000, &sector), -ENOENT, "after the last: nothing");
	tap_is(dfuse_layout_find(&layout, 0x07ffffff, &sector), -ENOENT, "nor before the first");

	tap_is(dfuse_layout_check(&layout, 0x0800c000, 0xf4000, DFUSE_WRITABLE), 0,
	       "writable to the end");
	tap_is(dfuse_layout_check(&layout, 0x0800c000, 0xf4001, DFUSE_WRITABLE), -EFBIG,
	       "not beyond");
	tap_is(dfuse_layout_check(&layout, 0x0800bfff, 2, DFUSE_WRITABLE), -EACCES,
	       "not in the sectors that can only be read");
	tap_is(dfuse_layout_check(&layout, 0x0800bfff, 2, DFUSE_READABLE), 0, "those are readable");
	tap_is(dfuse_layout_check(&layout, 0xffffffff, 2, DFUSE_READABLE), -EFBIG,
	       "no memory beyond 4 GiB");

	tap_is(dfuse_layout_parse("@Option Bytes  /0x1FFFC000/01*016 e/0x1FFEC000/01*016 e",
				  &layout),
	       0, "two zones, out of order");
	tap_is(layout.runs[0].address, 0x1ffec000, "are sorted");
	tap_is(layout.runs[0].abilities, DFUSE_READABLE | DFUSE_WRITABLE, "type e: read and write");
	tap_is(dfuse_layout_first_bytes(&layout), 16, "a slot is one piece");
	tap_is(dfuse_layout_check(&layout, 0x1ffec000, 17, DFUSE_READABLE), -EFBIG,
	       "the gap is no memory");
	tap_is(dfuse_layout_parse("@Flash/0x0/4*1024g", &layout), 0, "no multiplier letter");
	tap_is(layout.runs[0].sector_bytes, 1024, "means bytes");
	tap_is(dfuse_layout_parse("@Flash\x01\xff/0x0/1*1Bg", &layout), 0, "a strange name");
	tap_is_string(layout.name, "Flash??", "is made printable");
	tap_is(dfuse_layout_parse("firmware", &layout), -ENOENT, "no layout at all");
	tap_is(dfuse_layout_parse("@Top/0xfffffc00/1*1Kg", &layout), 0, "memory up to 4 GiB");
	tap_is(dfuse_layout_find(&layout, 0xffffffff, &sector), 0, "has a last byte");

	for (int i = 0; i < DFUSE_RUNS_MAX; i++)
		strcat(text, ",1*1Kg");
	tap_is(dfuse_layout_parse(text, &layout), -E2BIG, "too many runs");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		tap_ok(dfuse_layout_parse(wrong[i], &layout) == -EINVAL, "refused: %s", wrong[i]);
}

static void test_states(void)
{
	/* DFU 1.1 annex A, row by row: what leads to idle, to a stored block, to new firmware. */
	static const struct {
		u8 state;
		const char *word;
		enum dfu_step steps[DFU_NUM_GOALS];
	} rows[] = {
		{ 0, "appIDLE", { DFU_STEP_FAIL, DFU_STEP_FAIL, DFU_STEP_DONE } },
		{ 1, "appDETACH", { DFU_STEP_RESET, DFU_STEP_FAIL, DFU_STEP_FAIL } },
		{ 2, "dfuIDLE", { DFU_STEP_DONE, DFU_STEP_FAIL, DFU_STEP_DONE } },
		{ 3, "dfuDNLOAD-SYNC", { DFU_STEP_ABORT, DFU_STEP_POLL, DFU_STEP_FAIL } },
		{ 4, "dfuDNBUSY", { DFU_STEP_POLL, DFU_STEP_POLL, DFU_STEP_POLL } },
		{ 5, "dfuDNLOAD-IDLE", { DFU_STEP_ABORT, DFU_STEP_DONE, DFU_STEP_FAIL } },
		{ 6, "dfuMANIFEST-SYNC", { DFU_STEP_ABORT, DFU_STEP_FAIL, DFU_STEP_POLL } },
		{ 7, "dfuMANIFEST", { DFU_STEP_POLL, DFU_STEP_FAIL, DFU_STEP_POLL } },
		{ 8, "dfuMANIFEST-WAIT-RESET", { DFU_STEP_RESET, DFU_STEP_FAIL, DFU_STEP_RESET } },
		{ 9, "dfuUPLOAD-IDLE", { DFU_STEP_ABORT, DFU_STEP_FAIL, DFU_STEP_FAIL } },
		{ 10, "dfuERROR", { DFU_STEP_CLEAR, DFU_STEP_FAIL, DFU_STEP_FAIL } },
		{ 11, "unknown state", { DFU_STEP_FAIL, DFU_STEP_FAIL, DFU_STEP_FAIL } },
		{ 255, "unknown state", { DFU_STEP_FAIL, DFU_STEP_FAIL, DFU_STEP_FAIL } },
	};
	static const struct {
		u8 status;
		const char *word;
		int error;
	} codes[] = {
		{ 0, "OK", 0 },
		{ 1, "errTARGET", -EMEDIUMTYPE },
		{ 2, "errFILE", -EBADMSG },
		{ 3, "errWRITE", -EIO },
		{ 4, "errERASE", -EUCLEAN },
		{ 5, "errCHECK_ERASED", -EUCLEAN },
		{ 6, "errPROG", -EIO },
		{ 7, "errVERIFY", -EIO },
		{ 8, "errADDRESS", -EFBIG },
		{ 9, "errNOTDONE", -EBADMSG },
		{ 10, "errFIRMWARE", -EBADMSG },
		{ 11, "errVENDOR", -EPROTO },
		{ 12, "errUSBR", -EPROTO },
		{ 13, "errPOR", -EPROTO },
		{ 14, "errUNKNOWN", -EPROTO },
		{ 15, "errSTALLEDPKT", -EPROTO },
		{ 16, "unknown status", -EPROTO },
		{ 255, "unknown status", -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		tap_is_string(dfu_state_word(rows[i].state), rows[i].word, rows[i].word);
		for (int goal = 0; goal < DFU_NUM_GOALS; goal++)
			tap_ok(dfu_next_step(goal, rows[i].state) == rows[i].steps[goal],
			       "%s: the step to goal %d", rows[i].word, goal);
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		tap_is_string(dfu_status_word(codes[i].status), codes[i].word, codes[i].word);
		tap_is(dfu_status_errno(codes[i].status), codes[i].error, "its errno");
		tap_ok(*dfu_status_sentence(codes[i].status), "%s has a sentence", codes[i].word);
	}
}

int main(void)
{
	test_descriptor();
	test_layout();
	test_states();
	return tap_done();
}
