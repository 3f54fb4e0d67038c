/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the client of fwslot-fetch reads from the service: the bytes are packets, each
 * after its length (two bytes, little-endian), sent one after the other.
 *
 * covers: daemon/remote/fetch-client.c daemon/base/packet.c
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "remote/fetch-client.h"

#define PACKETS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What all callers rely on. */
static void check_result(const struct fetch_result *result)
{
	for (const char *c = failure_message(&result->failure); *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			__builtin_trap();
	if (result->bytes > FETCH_BYTES_MAX || strlen(result->validator) > FETCH_VALIDATOR_MAX ||
	    (result->bytes > 0 && !result->is_started))
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct fetch_request request = { .url = "http://a/", .max_bytes = 1 };
	_cleanup_fetch_client_ struct fetch_client *client = NULL;
	static int file = -1;
	int pair[2];

	if (file < 0)
		file = memfd_create("file", MFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return 0;
	if (fetch_client_new(pair[0], &client) < 0 ||
	    fetch_client_open(client, &FETCH_IDENTITY_DEFAULT, NULL) < 0 ||
	    fetch_client_start(client, &request, file, NULL) < 0)
		__builtin_trap();
	for (unsigned int i = 0; i < PACKETS_MAX && size >= 2; i++) {
		size_t length = bytes[0] | (size_t)bytes[1] << 8;

		bytes += 2;
		size -= 2;
		if (length > size)
			length = size;
		if (write(pair[1], bytes, length) < 0)
			break;
		bytes += length;
		size -= length;
		if (fetch_client_receive(client, 0) == FETCH_NEWS_ENDED) {
			_cleanup_fetch_result_ struct fetch_result result = { 0 };

			fetch_client_take_result(client, &result);
			check_result(&result);
			break;
		}
	}
	close(pair[1]);
	return 0;
}
