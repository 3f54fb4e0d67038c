/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two slots in memory, kept in files, and MCUboot's decisions at a reset (its design.md, "Swap
 * info").
 */
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model.h"

#define ERASED 0xff
#define HEADER_SIZE 32

struct saved_records {
	uint8_t magic[2], image_ok[2], copy_done[2];
};

static void path_of(const struct flash *flash, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", flash->folder, name);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static bool load(const struct flash *flash, const char *name, void *bytes, size_t size)
{
	char path[4096];
	ssize_t length;
	int fd;

	path_of(flash, name, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, bytes, size);
	close(fd);
	return length == (ssize_t)size;
}

static void save(const struct flash *flash, const char *name, const void *bytes, size_t size)
{
	char path[4096];
	int fd;

	path_of(flash, name, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		die(path);
	close(fd);
}

void flash_erase(struct flash *flash, unsigned slot)
{
	uint8_t *bytes = flash->slots[slot].bytes;

	memset(bytes, ERASED, flash->slot_size);
	flash->slots[slot] = (struct flash_slot){ .bytes = bytes };
}

void flash_open(struct flash *flash, size_t slot_size, const char *folder)
{
	struct saved_records records = { 0 };

	*flash = (struct flash){ .slot_size = slot_size, .folder = folder };
	for (unsigned i = 0; i < 2; i++) {
		flash->slots[i].bytes = malloc(slot_size);
		if (!flash->slots[i].bytes)
			die("flash");
		flash_erase(flash, i);
	}
	if (!folder || !load(flash, "records", &records, sizeof(records)))
		return;
	for (unsigned i = 0; i < 2; i++) {
		load(flash, i ? "slot1" : "slot0", flash->slots[i].bytes, slot_size);
		flash->slots[i].is_magic_good = records.magic[i];
		flash->slots[i].is_image_ok = records.image_ok[i];
		flash->slots[i].is_copy_done = records.copy_done[i];
	}
}

void flash_save(const struct flash *flash)
{
	struct saved_records records;

	if (!flash->folder)
		return;
	for (unsigned i = 0; i < 2; i++) {
		save(flash, i ? "slot1" : "slot0", flash->slots[i].bytes, flash->slot_size);
		records.magic[i] = flash->slots[i].is_magic_good;
		records.image_ok[i] = flash->slots[i].is_image_ok;
		records.copy_done[i] = flash->slots[i].is_copy_done;
	}
	save(flash, "records", &records, sizeof(records));
}

void flash_load_file(struct flash *flash, unsigned slot, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	flash_erase(flash, slot);
	if (fd < 0 || read(fd, flash->slots[slot].bytes, flash->slot_size) < HEADER_SIZE)
		die(path);
	close(fd);
}

static uint32_t le(const uint8_t *bytes, unsigned size)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)bytes[i] << (8 * i);
	return value;
}

static void read_behaviour(const uint8_t *body, size_t size, struct image_info *ret)
{
	char text[64] = "";

	memcpy(text, body, size < sizeof(text) - 1 ? size : sizeof(text) - 1);
	snprintf(ret->behaviour, sizeof(ret->behaviour), "boots");
	sscanf(text, "behaviour=%15[a-z-] after=%u", ret->behaviour, &ret->after_ms);
}

void flash_inspect(const struct flash *flash, unsigned slot, struct image_info *ret)
{
	const uint8_t *bytes = flash->slots[slot].bytes;
	uint32_t header, body, end, protected_size;
	uint8_t digest[HASH_SIZE];

	*ret = (struct image_info){ 0 };
	if (le(bytes, 4) != 0x96f3b83d)
		return;
	header = le(bytes + 8, 2);
	protected_size = le(bytes + 10, 2);
	body = le(bytes + 12, 4);
	if (header < HEADER_SIZE || body > flash->slot_size ||
	    (uint64_t)header + body + protected_size + 8 > flash->slot_size)
		return;
	end = header + body + protected_size;
	if (le(bytes + end, 2) != 0x6907 || end + le(bytes + end + 2, 2) > flash->slot_size)
		return;
	for (uint32_t at = end + 4, stop = end + le(bytes + end + 2, 2); at + 4 <= stop;
	     at += 4 + le(bytes + at + 2, 2))
		if (le(bytes + at, 2) == 0x10 && le(bytes + at + 2, 2) == HASH_SIZE) {
			memcpy(ret->hash, bytes + at + 4, HASH_SIZE);
			ret->is_there = true;
		}
	if (!ret->is_there)
		return;
	snprintf(ret->version, sizeof(ret->version), "%u.%u.%u", bytes[20], bytes[21],
		 le(bytes + 22, 2));
	gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, end, digest);
	ret->is_intact = memcmp(digest, ret->hash, HASH_SIZE) == 0;
	read_behaviour(bytes + header, body, ret);
}

/* bootutil_public.c, the table of boot_swap_type: the first row that fits. */
enum swap_type flash_swap_type(const struct flash *flash)
{
	const struct flash_slot *primary = &flash->slots[0], *secondary = &flash->slots[1];

	if (secondary->is_magic_good)
		return secondary->is_image_ok ? SWAP_PERMANENT : SWAP_TEST;
	if (primary->is_magic_good && !primary->is_image_ok && primary->is_copy_done)
		return SWAP_REVERT;
	return SWAP_NONE;
}

static void swap(struct flash *flash)
{
	uint8_t *bytes = flash->slots[0].bytes;

	flash->slots[0].bytes = flash->slots[1].bytes;
	flash->slots[1].bytes = bytes;
}

enum swap_type flash_boot(struct flash *flash)
{
	enum swap_type type = flash_swap_type(flash);
	struct image_info image;

	flash_inspect(flash, 1, &image);
	if (type != SWAP_NONE && !image.is_intact) {
		/* It cannot be what was meant: erased, so that it is not tried for ever. */
		flash_erase(flash, 1);
		type = SWAP_NONE;
	}
	if (type != SWAP_NONE) {
		swap(flash);
		flash->slots[0].is_magic_good = true;
		flash->slots[0].is_copy_done = true;
		flash->slots[0].is_image_ok = type != SWAP_TEST;
		flash->slots[1].is_magic_good = false;
		flash->slots[1].is_image_ok = false;
		flash->slots[1].is_copy_done = false;
	}
	flash_save(flash);
	return type;
}
