/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * smp-image: makes an MCUboot image (unsigned, with its hash) for smp-device. smp-image
 * --version=1.2.3[.4] [--behaviour=boots|hangs|restarts] [--after=MS] [--size=BYTES] [--protected]
 * OUT "hangs": answers nothing; "restarts": restarts by itself after MS; --after makes any of them
 * restart.
 */
#include <gnutls/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 512 /* as Zephyr uses */
#define SIZE_MAX_BYTES (4 * 1024 * 1024)

static void put(uint8_t *bytes, uint32_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 && argument[length] == '=' ?
		       argument + length + 1 :
		       NULL;
}

static size_t make(uint8_t *bytes, const unsigned *version, const char *behaviour, unsigned after,
		   size_t size, int is_protected)
{
	size_t end = HEADER_SIZE + size;
	char line[64];

	put(bytes, 0x96f3b83d, 4);
	put(bytes + 8, HEADER_SIZE, 2);
	put(bytes + 10, is_protected ? 12 : 0, 2);
	put(bytes + 12, (uint32_t)size, 4);
	bytes[20] = (uint8_t)version[0];
	bytes[21] = (uint8_t)version[1];
	put(bytes + 22, version[2], 2);
	put(bytes + 24, version[3], 4);
	for (size_t i = 0; i < size; i++)
		bytes[HEADER_SIZE + i] = (uint8_t)(i * 131 + (i >> 8) * 7 + version[1]);
	snprintf(line, sizeof(line), "behaviour=%s after=%u\n", behaviour, after);
	memcpy(bytes + HEADER_SIZE, line, strlen(line) + 1);
	if (is_protected) {
		put(bytes + end, 0x6908, 2);
		put(bytes + end + 2, 12, 2);
		put(bytes + end + 4, 0x50, 2); /* security counter */
		put(bytes + end + 6, 4, 2);
		put(bytes + end + 8, 7, 4);
		end += 12;
	}
	put(bytes + end, 0x6907, 2);
	put(bytes + end + 2, 4 + 4 + 32, 2);
	put(bytes + end + 4, 0x10, 2);
	put(bytes + end + 6, 32, 2);
	gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, end, bytes + end + 8);
	return end + 40;
}

int main(int argc, char *argv[])
{
	static uint8_t bytes[SIZE_MAX_BYTES + HEADER_SIZE + 128];
	unsigned version[4] = { 1, 0, 0, 0 }, after = 0;
	const char *behaviour = "boots", *value, *path = NULL;
	size_t size = 10000;
	int is_protected = 0;
	FILE *stream;

	for (int i = 1; i < argc; i++) {
		if ((value = value_of(argv[i], "--version")))
			sscanf(value, "%u.%u.%u.%u", version, version + 1, version + 2,
			       version + 3);
		else if ((value = value_of(argv[i], "--behaviour")))
			behaviour = value;
		else if ((value = value_of(argv[i], "--after")))
			after = (unsigned)strtoul(value, NULL, 0);
		else if ((value = value_of(argv[i], "--size")))
			size = strtoul(value, NULL, 0);
		else if (strcmp(argv[i], "--protected") == 0)
			is_protected = 1;
		else
			path = argv[i];
	}
	if (!path || size < 64 || size > SIZE_MAX_BYTES)
		return 2;
	size = make(bytes, version, behaviour, after, size, is_protected);
	stream = fopen(path, "wb");
	if (!stream || fwrite(bytes, 1, size, stream) != size || fclose(stream) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}
