// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The DFU conversation against a model of a device: every state, every fault, time to the
 * microsecond. The same model is the device on the virtual bus that dfu-util speaks with.
 */
#include <errno.h>

#include "dfu-wire.h"
#include "tap.h"

#define IMAGE_BYTES 5000

static uint8_t image[IMAGE_BYTES];

static void fill_image(void)
{
	for (int i = 0; i < IMAGE_BYTES; i++)
		image[i] = i * 7 + (i >> 8);
}

static bool holds_image(const struct dfu_wire *wire)
{
	size_t bytes;
	const uint8_t *stored = memory_firmware(&wire->model.alternates[0], &bytes);

	return bytes >= IMAGE_BYTES && !memcmp(stored, image, IMAGE_BYTES);
}

/* Reads everything back; returns the number of bytes that are right, or a negative errno. */
static int upload_and_compare(struct dfu_wire *wire)
{
	static uint8_t block[DFU_BLOCK_BYTES_MAX];
	int ret = dfu_reach_idle(&wire->session), done = 0;
	u16 length = 0;

	while (!ret) {
		ret = dfu_upload_block(&wire->session, block, wire->session.function.block_bytes,
				       &length);
		if (ret)
			break;
		if (done + length > IMAGE_BYTES || memcmp(block, image + done, length))
			return -EBADMSG;
		done += length;
		if (length < wire->session.function.block_bytes)
			return done;
	}
	return ret;
}

static void test_whole_cycle(void)
{
	static const struct {
		uint32_t busy_ms, idle_poll_ms, manifest_ms;
		uint16_t transfer_bytes;
		const char *what;
	} rows[] = {
		{ 0, 0, 0, 512, "a fast device" },
		{ 3, 0, 200, 512, "a device that is busy with each block" },
		{ 3, 7, 50, 1000, "a device that wants to be left alone after each answer" },
		{ 0, 0, 0, 0, "a device with 64 byte blocks that says 0" },
		{ 0, 0, 0, 5000, "a device with one block" },
		{ 0, 0, 0, 0xffff, "a device that does not say its transfer size" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum dfu_manifested manifested;
		struct dfu_wire wire;

		dfu_wire_init(&wire);
		wire.config.busy_ms = rows[i].busy_ms;
		wire.config.idle_poll_ms = rows[i].idle_poll_ms;
		wire.config.manifest_ms = rows[i].manifest_ms;
		wire.config.transfer_bytes = rows[i].transfer_bytes;
		dfu_wire_start(&wire);
		tap_ok(!dfu_wire_download(&wire, image, IMAGE_BYTES), "download: %s", rows[i].what);
		tap_is(dfu_manifest(&wire.session, &manifested), 0, "manifestation");
		tap_is(manifested, DFU_MANIFESTED_IDLE, "ends in dfuIDLE");
		tap_ok(holds_image(&wire), "the device has the image");
		tap_is(upload_and_compare(&wire), IMAGE_BYTES, "and gives it back");
		dfu_wire_free(&wire);
	}
}

static void test_block_number_wraps(void)
{
	struct dfu_wire wire;
	int ret = 0;

	dfu_wire_init(&wire);
	wire.config.transfer_bytes = 8;
	dfu_wire_start(&wire);
	ret = dfu_reach_idle(&wire.session);
	for (int i = 0; !ret && i < 70000; i++)
		ret = dfu_download_block(&wire.session, image, 8);
	tap_is(ret, 0, "70000 blocks: the number wraps");
	tap_is(wire.session.block, 70000 - 65536, "to 0");
	dfu_wire_free(&wire);
}

static void test_manifestation(void)
{
	static const struct {
		enum model_manifestation kind;
		bool is_deaf;
		enum dfu_manifested expected;
		const char *what;
	} rows[] = {
		{ MANIFEST_TOLERANT, false, DFU_MANIFESTED_IDLE, "tolerant" },
		{ MANIFEST_WAIT_RESET, false, DFU_MANIFESTED_NEEDS_RESET, "waits for a reset" },
		{ MANIFEST_WAIT_RESET, true, DFU_MANIFESTED_NEEDS_RESET, "waits and is deaf" },
		{ MANIFEST_SELF_RESET, false, DFU_MANIFESTED_IS_GONE, "resets itself" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum dfu_manifested manifested = 99;
		struct dfu_wire wire;

		dfu_wire_init(&wire);
		wire.config.manifest_ms = 300;
		wire.config.manifestation = rows[i].kind;
		wire.config.is_deaf = rows[i].is_deaf;
		if (rows[i].kind != MANIFEST_TOLERANT)
			wire.config.attributes &= ~ATTRIBUTE_TOLERANT;
		dfu_wire_start(&wire);
		dfu_wire_download(&wire, image, IMAGE_BYTES);
		wire.waited_us = 0;
		tap_ok(!dfu_manifest(&wire.session, &manifested), "manifestation: %s",
		       rows[i].what);
		tap_is(manifested, rows[i].expected, "how it ends");
		tap_is(wire.waited_us / 1000, 300, "after the time it asked for");
		tap_ok(holds_image(&wire), "the image is in force");
		dfu_wire_free(&wire);
	}
}

/* The device is left in each state by somebody else; the driver finds its way to dfuIDLE. */
static void test_recovery(void)
{
	static const struct {
		uint8_t state, status;
		int expected;
	} rows[] = {
		{ DFU_IDLE, DFU_OK, 0 },
		{ DFU_DNLOAD_SYNC, DFU_OK, 0 },
		{ DFU_DNBUSY, DFU_OK, 0 },
		{ DFU_DNLOAD_IDLE, DFU_OK, 0 },
		{ DFU_MANIFEST_SYNC, DFU_OK, 0 },
		{ DFU_MANIFEST, DFU_OK, 0 },
		{ DFU_MANIFEST_WAIT_RESET, DFU_OK, -ECONNRESET },
		{ DFU_UPLOAD_IDLE, DFU_OK, 0 },
		{ DFU_ERROR, DFU_ERR_VENDOR, 0 },
		{ DFU_ERROR, DFU_ERR_FIRMWARE, 0 },
		{ APP_IDLE, DFU_OK, -EPROTO },
		{ APP_DETACH, DFU_OK, -ECONNRESET },
		{ 200, DFU_OK, -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dfu_wire wire;

		dfu_wire_init(&wire);
		dfu_wire_start(&wire);
		wire.config.is_strict = false;
		wire.model.state = rows[i].state;
		wire.model.status = rows[i].status;
		if (rows[i].state == DFU_DNBUSY || rows[i].state == DFU_MANIFEST)
			wire.model.busy_until_us = wire.now_us + 50000;
		wire.model.detach_until_us = UINT64_MAX;
		tap_ok(dfu_reach_idle(&wire.session) == rows[i].expected, "recovery from %s",
		       dfu_state_word(rows[i].state));
		if (!rows[i].expected)
			tap_is(wire.model.state, DFU_IDLE, "the device is in dfuIDLE");
		dfu_wire_free(&wire);
	}
}

/* One fault, what comes of a download, and whether the next one works. */
static void test_faults(void)
{
	static const struct {
		const char *fault;
		int download, manifest;
		bool is_lost; /* no second try */
	} rows[] = {
		{ "stall@d3", -EPROTO, 0, false },     { "stall@d3:8", -EFBIG, 0, false },
		{ "stall@s4", -EPROTO, 0, false },     { "error@d3:3", -EIO, 0, false },
		{ "error@d3:4", -EUCLEAN, 0, false },  { "error@d10:2", -EBADMSG, 0, false },
		{ "error@d3:77", -EPROTO, 0, false },  { "vanish@t1", -ENODEV, 0, true },
		{ "vanish@d5", -ENODEV, 0, true },     { "vanish@s3", -ENODEV, 0, true },
		{ "hang@d5", -ETIMEDOUT, 0, false },   { "hang@s5", -ETIMEDOUT, 0, false },
		{ "short@d2", -EIO, 0, false },	       { "short@s2", -EPROTO, 0, false },
		{ "short@s2:6", -EPROTO, 0, false },   { "busy@d2", -ETIMEDOUT, 0, true },
		{ "busy@d2:4000", 0, 0, false },       { "poll@s3:1000", 0, 0, false },
		{ "poll@s3:16777215", 0, 0, false },   { "state@s3:0", -EPROTO, 0, false },
		{ "state@s3:2", -EPROTO, 0, false },   { "state@s3:6", -EPROTO, 0, false },
		{ "state@s3:10", -EPROTO, 0, false },  { "state@s3:99", -EPROTO, 0, false },
		{ "delay@d3:100", 0, 0, false },       { "stall@m1", 0, -EPROTO, false },
		{ "stall@m1:9", 0, -EBADMSG, false },  { "error@m1", 0, -EIO, false },
		{ "error@m1:10", 0, -EBADMSG, false }, { "hang@m1", 0, -ETIMEDOUT, false },
		{ "busy@m1", 0, -ETIMEDOUT, true },    { "busy@m1:20000", 0, 0, false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum dfu_manifested manifested;
		struct dfu_wire wire;
		int ret;

		dfu_wire_init(&wire);
		dfu_wire_start(&wire);
		if (!fault_add(&wire.model.faults, rows[i].fault))
			tap_bail("bad fault %s", rows[i].fault);
		ret = dfu_wire_download(&wire, image, IMAGE_BYTES);
		tap_ok(ret == rows[i].download, "%s: the download ends with %d (got %d)",
		       rows[i].fault, rows[i].download, ret);
		if (!ret && !rows[i].download) {
			ret = dfu_manifest(&wire.session, &manifested);
			tap_ok(ret == rows[i].manifest, "%s: manifestation ends with %d (got %d)",
			       rows[i].fault, rows[i].manifest, ret);
		}
		tap_ok(wire.waited_us <= 1000ULL * (DFU_BUSY_LIMIT_MS + DFU_POLL_LIMIT_MS),
		       "%s: not waited longer than the limit", rows[i].fault);
		wire.now_us += 100000000;
		if (!rows[i].is_lost) {
			ret = dfu_wire_download(&wire, image, IMAGE_BYTES);
			tap_ok(!ret && !dfu_manifest(&wire.session, &manifested) &&
				       holds_image(&wire),
			       "%s: the next download succeeds (got %d)", rows[i].fault, ret);
		}
		dfu_wire_free(&wire);
	}
}

static void test_upload_faults(void)
{
	static const struct {
		const char *fault;
		int expected;
	} rows[] = {
		{ "stall@u2", -EPROTO },   { "stall@u2:11", -EPROTO }, { "vanish@u2", -ENODEV },
		{ "hang@u2", -ETIMEDOUT }, { "short@u2", 512 + 511 },  { "short@u2:512", 512 },
		{ "flip@u2", -EBADMSG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum dfu_manifested manifested;
		struct dfu_wire wire;
		int ret;

		dfu_wire_init(&wire);
		dfu_wire_start(&wire);
		dfu_wire_download(&wire, image, IMAGE_BYTES);
		dfu_manifest(&wire.session, &manifested);
		fault_add(&wire.model.faults, rows[i].fault);
		ret = upload_and_compare(&wire);
		tap_ok(ret == rows[i].expected, "%s: the upload ends with %d (got %d)",
		       rows[i].fault, rows[i].expected, ret);
		dfu_wire_free(&wire);
	}
}

static void test_patience(void)
{
	struct dfu_wire wire;

	/* 4.6 hours asked for, half a minute granted. */
	dfu_wire_init(&wire);
	dfu_wire_start(&wire);
	wire.config.is_strict = false;
	fault_add(&wire.model.faults, "poll@s2:16777215");
	tap_is(dfu_wire_download(&wire, image, 512), 0, "a huge poll timeout");
	tap_is(dfu_get_status(&wire.session), 0, "before the next question");
	tap_is(wire.waited_us / 1000, DFU_POLL_LIMIT_MS, "is clamped");
	dfu_wire_free(&wire);

	/* Busy for ever and asking for no wait: not a hot loop. */
	dfu_wire_init(&wire);
	dfu_wire_start(&wire);
	wire.config.is_strict = false;
	fault_add(&wire.model.faults, "busy@d1");
	for (int i = 3; i < FAULTS_MAX; i++)
		fault_add(&wire.model.faults, "poll@s4:0");
	tap_is(dfu_wire_download(&wire, image, 512), -ETIMEDOUT, "busy for ever ends");
	tap_ok(wire.model.requests < 200000, "without asking too often (%u)", wire.model.requests);
	dfu_wire_free(&wire);

	/* Who tidies up is less patient. */
	dfu_wire_init(&wire);
	wire.config.busy_ms = 10;
	dfu_wire_start(&wire);
	fault_add(&wire.model.faults, "busy@d1");
	wire.session.busy_limit_ms = DFU_TIDY_LIMIT_MS;
	tap_is(dfu_wire_download(&wire, image, 512), -ETIMEDOUT, "busy for ever ends sooner");
	tap_ok(wire.waited_us <= 1000ULL * (DFU_TIDY_LIMIT_MS + 100), "when it is told to");
	dfu_wire_free(&wire);

	/* Somebody cancels while the device is busy. */
	dfu_wire_init(&wire);
	wire.config.busy_ms = 10;
	dfu_wire_start(&wire);
	wire.interruption = -ECANCELED;
	tap_is(dfu_wire_download(&wire, image, 512), -ECANCELED, "waiting can be interrupted");
	wire.interruption = 0;
	tap_is(dfu_reach_idle(&wire.session), 0, "and the device brought back");
	dfu_wire_free(&wire);
}

int main(void)
{
	fill_image();
	test_whole_cycle();
	test_block_number_wraps();
	test_manifestation();
	test_recovery();
	test_faults();
	test_upload_faults();
	test_patience();
	return tap_done();
}
