// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Makes images for simulated devices (kmod/sim/image.h): good ones, and ones whose firmware misbehaves.
 *
 *   sim-image --version 1.1.0 [--behaviour boots|boot-loops|hangs|wrong-version] [--size BYTES]
 *             [--hardware-id ID] OUT
 *
 * The payload is pseudo-random, the same for the same version and size.
 */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/sim/image.h"

#define SIZE_DEFAULT 65536
#define SIZE_MAX_BYTES (64U << 20)

/* Of Ethernet and zlib. */
static __u32 compute_crc32(__u32 crc, const void *data, size_t length)
{
	static uint32_t table[256];
	const unsigned char *bytes = data;

	if (!table[1]) {
		for (unsigned i = 0; i < 256; i++) {
			uint32_t entry = i;

			for (unsigned bit = 0; bit < 8; bit++)
				entry = entry >> 1 ^ (entry & 1 ? 0xedb88320 : 0);
			table[i] = entry;
		}
	}
	crc = ~crc;
	for (size_t i = 0; i < length; i++)
		crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
	return ~crc;
}

static int find_behaviour(const char *word)
{
	for (unsigned i = 0; i < SIM_BEHAVIOUR_COUNT; i++)
		if (strcmp(sim_behaviour_words[i], word) == 0)
			return i;
	return -EINVAL;
}

/* Bytes that do not compress, from a seed (xorshift). */
static void fill_payload(unsigned char *payload, size_t length, uint32_t seed)
{
	uint32_t number = seed | 1;

	for (size_t i = 0; i < length; i++) {
		number ^= number << 13;
		number ^= number >> 17;
		number ^= number << 5;
		payload[i] = number >> 24;
	}
}

static int set_text(char *text, size_t size, const char *value, const char *option)
{
	size_t length = strlen(value);

	if (length < 1 || length >= size || strpbrk(value, " \t\r\n")) {
		fprintf(stderr,
			"sim-image: %s needs 1 to %zu characters without a space, not '%s'\n",
			option, size - 1, value);
		return -EINVAL;
	}
	memcpy(text, value, length + 1);
	return 0;
}

static int write_image(const char *path, const unsigned char *bytes, size_t length)
{
	FILE *file = fopen(path, "wbe");
	int error = 0;

	if (!file) {
		fprintf(stderr, "sim-image: cannot create %s: %s\n", path, strerror(errno));
		return -errno;
	}
	if (fwrite(bytes, 1, length, file) != length)
		error = errno;
	if (fclose(file) != 0 && !error)
		error = errno;
	if (error)
		fprintf(stderr, "sim-image: cannot write %s: %s\n", path, strerror(error));
	return -error;
}

static int make_image(struct sim_image *image, size_t size, const char *path)
{
	unsigned char *bytes = calloc(1, size);
	int r;

	if (!bytes) {
		fprintf(stderr, "sim-image: no memory for %zu bytes\n", size);
		return -ENOMEM;
	}
	image->payload_bytes = size - SIM_IMAGE_HEADER_BYTES;
	fill_payload(bytes + SIM_IMAGE_HEADER_BYTES, image->payload_bytes,
		     compute_crc32(0, image->version, strlen(image->version)));
	image->payload_crc = compute_crc32(0, bytes + SIM_IMAGE_HEADER_BYTES, image->payload_bytes);
	sim_image_write_header(image, compute_crc32, bytes);
	r = write_image(path, bytes, size);
	free(bytes);
	return r;
}

static int parse_size(const char *word, size_t *ret)
{
	char *end;
	unsigned long long size;

	errno = 0;
	size = strtoull(word, &end, 0);
	if (errno || *end || size < SIM_IMAGE_HEADER_BYTES || size > SIZE_MAX_BYTES) {
		fprintf(stderr, "sim-image: --size needs %d to %u bytes, not '%s'\n",
			SIM_IMAGE_HEADER_BYTES, SIZE_MAX_BYTES, word);
		return -EINVAL;
	}
	*ret = size;
	return 0;
}

static int parse_option(int option, const char *value, struct sim_image *image, size_t *size)
{
	int behaviour;

	switch (option) {
	case 'v':
		return set_text(image->version, sizeof(image->version), value, "--version");
	case 'h':
		return set_text(image->hardware_id, sizeof(image->hardware_id), value,
				"--hardware-id");
	case 's':
		return parse_size(value, size);
	case 'b':
		behaviour = find_behaviour(value);
		if (behaviour < 0) {
			fprintf(stderr,
				"sim-image: --behaviour is boots, boot-loops, hangs or wrong-version, not '%s'\n",
				value);
			return behaviour;
		}
		image->behaviour = behaviour;
		return 0;
	}
	return -EINVAL;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "version", required_argument, NULL, 'v' },
		{ "behaviour", required_argument, NULL, 'b' },
		{ "size", required_argument, NULL, 's' },
		{ "hardware-id", required_argument, NULL, 'h' },
		{ 0 },
	};
	struct sim_image image = { .behaviour = SIM_BEHAVIOUR_BOOTS, .hardware_id = "fwslot/sim" };
	size_t size = SIZE_DEFAULT;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (parse_option(option, optarg, &image, &size) < 0)
			return EXIT_FAILURE;
	if (optind != argc - 1 || !image.version[0]) {
		fprintf(stderr, "usage: sim-image --version V [--behaviour B] [--size BYTES] "
				"[--hardware-id ID] OUT\n");
		return EXIT_FAILURE;
	}
	return make_image(&image, size, argv[optind]) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The format itself is the module's; this is its only other user. */
#include "kmod/sim/image.c"
