/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMP's image and OS groups, as Zephyr's application or MCUboot's serial recovery answer them. */
#include <cbor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

enum { OK = 0, UNKNOWN = 1, INVALID = 3, NOT_SUPPORTED = 8, BUSY = 10 };
/* Codes of the image group. */
enum {
	IMG_NO_FREE_SLOT = 9,
	IMG_HASH_NOT_FOUND = 8,
	IMG_BAD_HEADER = 22,
	IMG_BAD_MAGIC = 23,
	IMG_TEST_OF_ACTIVE = 33,
	IMG_PENDING = 28,
	IMG_TOO_LARGE = 30,
	IMG_OVERRUN = 31,
};

/* ---- the answer that is being written ---- */

struct answer {
	uint8_t *bytes;
	size_t capacity, size;
	bool is_version_2;
};

#define ENCODE(answer, call) ((answer)->size += (call))
#define REST(answer) (answer)->bytes + (answer)->size, (answer)->capacity - (answer)->size

static void put_text(struct answer *answer, const char *text)
{
	ENCODE(answer, cbor_encode_string_start(strlen(text), REST(answer)));
	memcpy(answer->bytes + answer->size, text, strlen(text));
	answer->size += strlen(text);
}

static void put_key_uint(struct answer *answer, const char *key, uint64_t value)
{
	put_text(answer, key);
	ENCODE(answer, cbor_encode_uint(value, REST(answer)));
}

static void put_key_bool(struct answer *answer, const char *key, bool value)
{
	put_text(answer, key);
	ENCODE(answer, cbor_encode_bool(value, REST(answer)));
}

static void put_key_text(struct answer *answer, const char *key, const char *value)
{
	put_text(answer, key);
	put_text(answer, value);
}

static void put_key_bytes(struct answer *answer, const char *key, const uint8_t *bytes, size_t size)
{
	put_text(answer, key);
	ENCODE(answer, cbor_encode_bytestring_start(size, REST(answer)));
	memcpy(answer->bytes + answer->size, bytes, size);
	answer->size += size;
}

static void begin_map(struct answer *answer)
{
	ENCODE(answer, cbor_encode_indef_map_start(REST(answer)));
}

static void begin_array(struct answer *answer)
{
	ENCODE(answer, cbor_encode_indef_array_start(REST(answer)));
}

static void end(struct answer *answer)
{
	ENCODE(answer, cbor_encode_break(REST(answer)));
}

static void only_code(struct answer *answer, unsigned code)
{
	begin_map(answer);
	put_key_uint(answer, "rc", code);
	end(answer);
}

/* A failure of the image group, in the form of the request's version. */
static void image_failure(struct answer *answer, unsigned code, const char *reason)
{
	begin_map(answer);
	if (answer->is_version_2) {
		put_text(answer, "err");
		begin_map(answer);
		put_key_uint(answer, "group", 1);
		put_key_uint(answer, "rc", code);
		end(answer);
	} else {
		put_key_uint(answer, "rc", UNKNOWN);
		put_key_text(answer, "rsn", reason);
	}
	end(answer);
}

/* ---- the request ---- */

static cbor_item_t *find(const cbor_item_t *map, const char *key)
{
	struct cbor_pair *pairs = cbor_map_handle(map);

	for (size_t i = 0; i < cbor_map_size(map); i++)
		if (cbor_isa_string(pairs[i].key) &&
		    cbor_string_length(pairs[i].key) == strlen(key) &&
		    memcmp(cbor_string_handle(pairs[i].key), key, strlen(key)) == 0)
			return pairs[i].value;
	return NULL;
}

static bool find_uint(const cbor_item_t *map, const char *key, size_t *ret)
{
	cbor_item_t *item = find(map, key);

	if (!item || !cbor_isa_uint(item))
		return false;
	*ret = (size_t)cbor_get_int(item);
	return true;
}

static bool find_bytes(const cbor_item_t *map, const char *key, const uint8_t **bytes, size_t *size)
{
	cbor_item_t *item = find(map, key);

	if (!item || !cbor_isa_bytestring(item))
		return false;
	*bytes = cbor_bytestring_handle(item);
	*size = cbor_bytestring_length(item);
	return true;
}

static bool find_true(const cbor_item_t *map, const char *key)
{
	cbor_item_t *item = find(map, key);

	return item && cbor_is_bool(item) && cbor_get_bool(item);
}

static void take_time(unsigned milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* ---- image state ---- */

static void put_image(struct server *server, struct answer *answer, unsigned slot,
		      enum swap_type swap)
{
	struct image_info image;
	bool is_primary = slot == 0;

	flash_inspect(server->flash, slot, &image);
	if (!image.is_there || (server->is_recovery && !image.is_intact))
		return;
	begin_map(answer);
	put_key_uint(answer, "slot", slot);
	put_key_text(answer, "version", image.version);
	put_key_bytes(answer, "hash", image.hash, sizeof(image.hash));
	put_key_bool(answer, "bootable", true);
	put_key_bool(answer, "pending",
		     !is_primary && (swap == SWAP_TEST || swap == SWAP_PERMANENT));
	put_key_bool(answer, "confirmed", is_primary != (swap == SWAP_REVERT));
	/* Nothing runs while the boot loader answers, and it does not speak of it. */
	if (!server->is_recovery)
		put_key_bool(answer, "active", is_primary);
	put_key_bool(answer, "permanent", !is_primary && swap == SWAP_PERMANENT);
	end(answer);
}

static void state_read(struct server *server, struct answer *answer)
{
	enum swap_type swap = flash_swap_type(server->flash);

	begin_map(answer);
	put_text(answer, "images");
	begin_array(answer);
	put_image(server, answer, 0, swap);
	put_image(server, answer, 1, swap);
	end(answer);
	if (!server->is_recovery)
		put_key_uint(answer, "splitStatus", 0);
	end(answer);
}

static int find_slot(struct server *server, const uint8_t *hash)
{
	for (unsigned slot = 0; slot < 2; slot++) {
		struct image_info image;

		flash_inspect(server->flash, slot, &image);
		if (image.is_there && memcmp(image.hash, hash, HASH_SIZE) == 0)
			return (int)slot;
	}
	return -1;
}

static void state_write(struct server *server, const cbor_item_t *request, struct answer *answer)
{
	struct flash_slot *slots = server->flash->slots;
	enum swap_type swap = flash_swap_type(server->flash);
	bool is_confirm = find_true(request, "confirm");
	const uint8_t *hash;
	size_t size;
	int slot = 0;

	if (find_bytes(request, "hash", &hash, &size)) {
		slot = size == HASH_SIZE ? find_slot(server, hash) : -1;
		if (slot < 0) {
			image_failure(answer, IMG_HASH_NOT_FOUND, "hash not found");
			return;
		}
	} else if (!is_confirm) {
		only_code(answer, INVALID);
		return;
	}
	if (slot == 0 && !is_confirm) {
		image_failure(answer, IMG_TEST_OF_ACTIVE, "test of active");
		return;
	}
	if (slot == 1 && swap == SWAP_REVERT) {
		image_failure(answer, IMG_PENDING, "already pending");
		return;
	}
	if (slot == 0) {
		if (swap == SWAP_TEST || swap == SWAP_PERMANENT) {
			image_failure(answer, IMG_PENDING, "already pending");
			return;
		}
		slots[0].is_image_ok = true;
	} else if (!slots[1].is_magic_good) {
		/* A good magic number already there is a silent success: MCUboot's own trap. */
		slots[1].is_magic_good = true;
		slots[1].is_image_ok = is_confirm;
	}
	flash_save(server->flash);
	state_read(server, answer);
}

/* ---- upload ---- */

void server_forget_upload(struct server *server)
{
	server->upload_size = 0;
	server->upload_offset = 0;
	server->upload_sha_size = 0;
}

static void upload_answer(struct server *server, struct answer *answer)
{
	begin_map(answer);
	if (!answer->is_version_2)
		put_key_uint(answer, "rc", 0);
	put_key_uint(answer, "off", server->upload_offset);
	end(answer);
}

/* Which slot an upload for "image" goes to; -1: none. */
static int upload_target(const struct server *server, size_t image)
{
	if (server->options->is_direct_upload)
		return image <= 1 ? 0 : image == 2 ? 1 : -1;
	if (image != 0)
		return -1;
	return server->is_recovery ? 0 : 1;
}

/* The first piece. Returns whether the data that came with it shall be written. */
static bool upload_begin(struct server *server, const cbor_item_t *request, const uint8_t *data,
			 size_t data_size, struct answer *answer)
{
	size_t image = 0, total;
	const uint8_t *sha = NULL;
	size_t sha_size = 0;
	int slot;

	if (!find_uint(request, "len", &total)) {
		only_code(answer, INVALID);
		return false;
	}
	find_uint(request, "image", &image);
	slot = upload_target(server, image);
	if (!server->is_recovery && data_size < 32) {
		image_failure(answer, IMG_BAD_HEADER, "header malformed");
		return false;
	}
	if (!server->is_recovery && memcmp(data, "\x3d\xb8\xf3\x96", 4) != 0) {
		image_failure(answer, IMG_BAD_MAGIC, "magic mismatch");
		return false;
	}
	if (find_bytes(request, "sha", &sha, &sha_size) && !server->is_recovery &&
	    server->upload_size == total && server->upload_sha_size == sha_size &&
	    memcmp(server->upload_sha, sha, sha_size) == 0) {
		upload_answer(server, answer); /* where it was interrupted */
		return false;
	}
	if (slot < 0 || (!server->is_recovery && flash_swap_type(server->flash) != SWAP_NONE)) {
		image_failure(answer, IMG_NO_FREE_SLOT, "no slot");
		return false;
	}
	if (total > server->flash->slot_size) {
		image_failure(answer, IMG_TOO_LARGE, "img too large");
		return false;
	}
	take_time(server->options->erase_ms);
	flash_erase(server->flash, (unsigned)slot);
	server->upload_slot = (unsigned)slot;
	server->upload_size = total;
	server->upload_offset = 0;
	server->upload_sha_size = sha_size <= sizeof(server->upload_sha) ? sha_size : 0;
	if (sha)
		memcpy(server->upload_sha, sha, server->upload_sha_size);
	return true;
}

static void upload(struct server *server, const cbor_item_t *request, struct answer *answer)
{
	const uint8_t *data;
	size_t offset, size;

	if (!find_uint(request, "off", &offset) || !find_bytes(request, "data", &data, &size)) {
		only_code(answer, INVALID);
		return;
	}
	if (fault_strikes(FAULT_REWIND))
		server_forget_upload(server);
	if (offset == 0) {
		if (!upload_begin(server, request, data, size, answer))
			return;
	} else if (offset != server->upload_offset || server->upload_size == 0) {
		upload_answer(server, answer);
		return;
	}
	if (offset + size > server->upload_size) {
		image_failure(answer, IMG_OVERRUN, "data overrun");
		return;
	}
	/* Flash is written in units; what remains of a piece is asked for again. */
	if (offset + size < server->upload_size)
		size -= (offset + size) % server->options->write_unit;
	memcpy(server->flash->slots[server->upload_slot].bytes + offset, data, size);
	server->upload_offset = offset + size;
	upload_answer(server, answer);
	if (server->upload_offset == server->upload_size) {
		flash_save(server->flash);
		server_forget_upload(server);
	}
}

static void erase(struct server *server, const cbor_item_t *request, struct answer *answer)
{
	size_t slot = 1;

	find_uint(request, "slot", &slot);
	if (slot != 1 || flash_swap_type(server->flash) != SWAP_NONE) {
		image_failure(answer, IMG_NO_FREE_SLOT, "no slot");
		return;
	}
	take_time(server->options->erase_ms);
	flash_erase(server->flash, 1);
	server_forget_upload(server);
	flash_save(server->flash);
	begin_map(answer);
	end(answer);
}

static void slot_information(struct server *server, struct answer *answer)
{
	begin_map(answer);
	put_text(answer, "images");
	begin_array(answer);
	begin_map(answer);
	put_key_uint(answer, "image", 0);
	put_text(answer, "slots");
	begin_array(answer);
	for (unsigned slot = 0; slot < 2; slot++) {
		begin_map(answer);
		put_key_uint(answer, "slot", slot);
		put_key_uint(answer, "size", server->flash->slot_size);
		if (server->options->is_direct_upload)
			put_key_uint(answer, "upload_image_id", slot + 1);
		else if (slot == (server->is_recovery ? 0 : 1))
			put_key_uint(answer, "upload_image_id", 0);
		end(answer);
	}
	end(answer);
	put_key_uint(answer, "max_image_size", server->flash->slot_size - 512);
	end(answer);
	end(answer);
	end(answer);
}

/* ---- the OS group ---- */

static void echo(const cbor_item_t *request, struct answer *answer)
{
	cbor_item_t *item = find(request, "d");

	if (!item || !cbor_isa_string(item) ||
	    cbor_string_length(item) > answer->capacity - answer->size - 16) {
		only_code(answer, 7);
		return;
	}
	begin_map(answer);
	put_text(answer, "r");
	ENCODE(answer, cbor_encode_string_start(cbor_string_length(item), REST(answer)));
	memcpy(answer->bytes + answer->size, cbor_string_handle(item), cbor_string_length(item));
	answer->size += cbor_string_length(item);
	end(answer);
}

static void parameters(const struct server *server, struct answer *answer)
{
	begin_map(answer);
	put_key_uint(answer, "buf_size", server->options->buffer_size);
	put_key_uint(answer, "buf_count", 1);
	end(answer);
}

/* ---- all of them ---- */

static void dispatch(struct server *server, unsigned group, unsigned command, bool is_write,
		     const cbor_item_t *request, struct answer *answer)
{
	const struct options *options = server->options;
	unsigned key = group << 8 | command;

	if (fault_strikes(FAULT_REFUSE))
		only_code(answer, BUSY);
	else if (key == 0x100 && is_write)
		state_write(server, request, answer);
	else if (key == 0x100)
		state_read(server, answer);
	else if (key == 0x101 && is_write)
		upload(server, request, answer);
	else if (key == 0x105 && is_write && !server->is_recovery)
		erase(server, request, answer);
	else if (key == 0x106 && options->has_slots)
		slot_information(server, answer);
	else if (key == 0x000 && options->has_echo)
		echo(request, answer);
	else if (key == 0x005 && is_write) {
		server->wants_reset = true;
		only_code(answer, OK);
	} else if (key == 0x006 && options->has_parameters)
		parameters(server, answer);
	else if (key == 0x007 && options->has_board && !server->is_recovery) {
		begin_map(answer);
		put_key_text(answer, "output", options->board);
		end(answer);
	} else
		only_code(answer, NOT_SUPPORTED);
}

size_t server_handle(struct server *server, const uint8_t *message, size_t size, uint8_t *answer,
		     size_t capacity)
{
	struct answer out = { .bytes = answer + 8, .capacity = capacity - 8 };
	struct cbor_load_result result;
	cbor_item_t *request;
	unsigned operation = message[0] & 7;

	if (size < 8 || (operation != 0 && operation != 2) ||
	    (size_t)(message[2] << 8 | message[3]) != size - 8)
		return 0;
	/* Old devices compare the whole byte, and do not know what version 2 makes of it. */
	if (server->options->is_version_1 && message[0] > 2)
		return 0;
	out.is_version_2 = message[0] >> 3 & 1;
	request = cbor_load(message + 8, size - 8, &result);
	if (!request || !cbor_isa_map(request))
		only_code(&out, INVALID);
	else
		dispatch(server, (unsigned)(message[4] << 8 | message[5]), message[7],
			 operation == 2, request, &out);
	if (request)
		cbor_decref(&request);
	memcpy(answer, message, 8);
	answer[0]++;
	answer[1] = 0;
	answer[2] = (uint8_t)(out.size >> 8);
	answer[3] = (uint8_t)out.size;
	return 8 + out.size;
}
