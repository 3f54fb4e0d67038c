/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device with MCUboot for tests: what its parts share. It shares no code with daemon/smp, so that
 * a mistake there is not repeated here; CBOR is read through libcbor's tree, and answers are
 * written with maps of indefinite length, as Zephyr writes them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOT_SIZE_MAX (4 * 1024 * 1024)
#define BUFFER_SIZE_MAX 4096
#define HASH_SIZE 32

/* ---- flash.c: two slots, MCUboot's records at their ends, and the boot loader ---- */

enum swap_type { SWAP_NONE, SWAP_TEST, SWAP_PERMANENT, SWAP_REVERT };

struct image_info {
	bool is_there; /* header and hash TLV can be read */
	bool is_intact; /* and the hash is that of the bytes: the boot loader takes it */
	char version[32];
	uint8_t hash[HASH_SIZE];
	/* What the firmware in it does, from its first line "behaviour=WORD [after=MS]". */
	char behaviour[16];
	unsigned after_ms;
};

struct flash_slot {
	uint8_t *bytes;
	bool is_magic_good, is_image_ok, is_copy_done;
};

struct flash {
	size_t slot_size;
	struct flash_slot slots[2];
	const char *folder; /* where it lives on; NULL: in memory only */
};

void flash_open(struct flash *flash, size_t slot_size, const char *folder);
void flash_save(const struct flash *flash);
void flash_erase(struct flash *flash, unsigned slot);
void flash_load_file(struct flash *flash, unsigned slot, const char *path);
void flash_inspect(const struct flash *flash, unsigned slot, struct image_info *ret);
enum swap_type flash_swap_type(const struct flash *flash);
/* What MCUboot does at a reset. Returns what it did. */
enum swap_type flash_boot(struct flash *flash);

/* ---- fault.c: what goes wrong, and when ---- */

enum fault {
	FAULT_LOSE_REQUEST, /* a request does not arrive (a bad CRC is the same: no answer) */
	FAULT_LOSE_ANSWER,
	FAULT_CORRUPT_ANSWER,
	FAULT_DOUBLE_ANSWER,
	FAULT_DELAY_ANSWER, /* by 3 s: longer than anybody waits */
	FAULT_POWER_CUT, /* the device loses power while it handles the request */
	FAULT_REWIND, /* it forgets the upload and asks for its beginning */
	FAULT_REFUSE, /* "busy" */
	FAULT_MAX,
};

/* "lose-request@7": the seventh request from now on; "...@7+3": and every third after it. */
bool fault_add(const char *text);
/* Is it time? Counts one request of those that faults are counted in. */
void fault_count(void);
bool fault_strikes(enum fault fault);

/* ---- line.c: the serial line ---- */

struct line {
	int fd; /* the pty's our end */
	bool is_raw;
	bool is_noisy; /* the console talks between and inside frames */
	unsigned baud; /* 0: as fast as it goes */
	uint8_t text[512];
	size_t text_size;
	uint8_t packet[BUFFER_SIZE_MAX];
	size_t packet_size;
	size_t buffer_size; /* longer packets are dropped */
	unsigned long long received_bytes, sent_bytes;
};

/* Makes a pty; @link gets a symbolic link to it. */
void line_open(struct line *line, const char *link);
/* Takes a port that is there: the device's end of a USB gadget. */
void line_open_port(struct line *line, const char *path);
/* Takes one byte; true: line->packet is a whole message of packet_size bytes. */
bool line_take(struct line *line, uint8_t byte);
void line_send(struct line *line, const uint8_t *message, size_t size, bool is_corrupt);
void line_say(struct line *line, const char *text);
void line_pace(const struct line *line, size_t bytes);

/* ---- server.c: answers ---- */

struct options {
	bool has_parameters, has_slots, has_echo, has_board;
	bool is_version_1, is_direct_upload, waits_for_dfu;
	unsigned buffer_size, erase_ms, swap_ms, boot_ms, write_unit;
	const char *board;
};

struct server {
	const struct options *options;
	struct flash *flash;
	bool is_recovery; /* the boot loader's own, smaller server */
	bool wants_reset;
	/* The upload that is running. */
	unsigned upload_slot;
	size_t upload_size, upload_offset;
	uint8_t upload_sha[64];
	size_t upload_sha_size;
};

/* Handles one message; returns the size of the answer in @answer, 0: none. */
size_t server_handle(struct server *server, const uint8_t *message, size_t size, uint8_t *answer,
		     size_t capacity);
void server_forget_upload(struct server *server);
