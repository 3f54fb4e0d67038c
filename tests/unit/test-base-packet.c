/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets: building, sending with descriptors, and what is refused. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/packet.h"
#include "tap.h"

static void test_round_trip(void)
{
	_cleanup_packet_ struct packet *packet = packet_new(1000), *received = NULL;
	int sockets[2], fds[PACKET_FDS_MAX], pipe_fds[2];
	uint64_t number;
	char byte = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0 ||
	    pipe(pipe_fds) < 0)
		tap_bail("no sockets");
	packet_add(packet, "OP", "test");
	packet_add_u64(packet, "NUMBER", UINT64_MAX);
	packet_add_format(packet, "TEXT", "%s=%d", "a", 1);
	packet_add(packet, "EMPTY", "");
	tap_is(packet_send(sockets[0], packet, &pipe_fds[1], 1), 0, "send, with a descriptor");
	tap_is(packet_receive(sockets[1], &received, fds), 0, "receive");
	tap_is_string(packet_get(received, "OP"), "test", "a field");
	tap_is_string(packet_get(received, "TEXT"), "a=1", "a value may have an equals sign");
	tap_is_string(packet_get(received, "EMPTY"), "", "an empty value");
	tap_is_string(packet_get(received, "NONE"), NULL, "a key that is not there");
	tap_is_string(packet_get(received, "O"), NULL, "nor the beginning of one");
	tap_ok(packet_get_u64(received, "NUMBER", 0, UINT64_MAX, &number) == 0 &&
		       number == UINT64_MAX,
	       "a number");
	tap_is(packet_get_u64(received, "NUMBER", 0, 5, &number), -ERANGE, "out of range");
	tap_is(packet_get_u64(received, "NONE", 0, 5, &number), -ENODATA, "not there");
	tap_is(packet_get_u64(received, "OP", 0, 5, &number), -EINVAL, "not a number");
	tap_ok(fds[0] >= 0 && fds[1] < 0 && (fcntl(fds[0], F_GETFD) & FD_CLOEXEC),
	       "the descriptor, close-on-exec");
	tap_ok(write(fds[0], "x", 1) == 1 && read(pipe_fds[0], &byte, 1) == 1 && byte == 'x',
	       "is the pipe");
	close_fds(fds, PACKET_FDS_MAX);
	close(sockets[0]);
	packet_free(TAKE_PTR(received));
	tap_is(packet_receive(sockets[1], &received, fds), -EPIPE, "the other end is closed");
	tap_is(packet_send(sockets[1], packet, NULL, 0), -EPIPE,
	       "sending to nobody is an error, not a signal");
	close(sockets[1]);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void test_building(void)
{
	static const char *const bad_keys[] = { "",
						"a",
						"1A",
						"A B",
						"A=",
						"A\n",
						"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" /* 33 */ };
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(bad_keys); i++) {
		_cleanup_packet_ struct packet *packet = packet_new(100);

		tap_is(packet_add(packet, bad_keys[i], "x"), -EINVAL, "not a key");
		tap_is(packet_add(packet, "GOOD", "x"), -EINVAL, "the first error stays");
		tap_is(packet_send(-1, packet, NULL, 0), -EINVAL, "and is what sending says");
	}
	for (size_t capacity = 2; capacity < 12; capacity++) {
		_cleanup_packet_ struct packet *packet = packet_new(capacity);
		int r = packet_add(packet, "KEY", "12345"); /* 1 + 3 + 1 + 5 + 1 */

		tap_is(r, capacity >= 11 ? 0 : -EMSGSIZE, "fits, or is refused");
		packet_bytes(packet, &size);
		tap_ok(size <= capacity, "never beyond its capacity");
	}
	tap_ok(!packet_new(1) && !packet_new(PACKET_BYTES_MAX + 1), "capacities out of range");
}

static void test_repeated_key(void)
{
	_cleanup_packet_ struct packet *packet = packet_new(100);

	tap_is(packet_add(packet, "A", "1"), 0, "a key");
	tap_is(packet_add(packet, "AB", "1"), 0, "a longer one");
	tap_is(packet_add(packet, "A", "2"), -EEXIST, "the same again");
}

static void test_hostile(void)
{
#define BYTES(text) text, sizeof(text) - 1
	static const struct {
		const char *bytes;
		size_t size;
		int expected;
		const char *what;
	} cases[] = {
		{ BYTES(""), -EBADMSG, "nothing" },
		{ BYTES("\1"), 0, "only the version" },
		{ BYTES("\2A=1\0"), -EBADMSG, "another version" },
		{ BYTES("\1A=1\0B=2\0"), 0, "two fields" },
		{ BYTES("\1A=1"), -EBADMSG, "no NUL at the end" },
		{ BYTES("\1\0"), -EBADMSG, "an empty field" },
		{ BYTES("\1A=1\0\0"), -EBADMSG, "an empty field at the end" },
		{ BYTES("\1A1\0"), -EBADMSG, "no equals sign" },
		{ BYTES("\1=1\0"), -EBADMSG, "no key" },
		{ BYTES("\1a=1\0"), -EBADMSG, "a lower-case key" },
		{ BYTES("\1A=1\0A=1\0"), -EBADMSG, "a key twice" },
		{ BYTES("\1AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=1\0"), -EBADMSG,
		  "a key of 33 characters" },
	};
	_cleanup_free_ char *large = malloc(PACKET_BYTES_MAX + 1);
	char *end;
	struct packet *packet = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tap_is(packet_parse(cases[i].bytes, cases[i].size, &packet), cases[i].expected,
		       cases[i].what);
		packet_free(TAKE_PTR(packet));
	}
	memset(large, 0, PACKET_BYTES_MAX + 1);
	tap_is(packet_parse(large, PACKET_BYTES_MAX + 1, &packet), -EMSGSIZE, "more than 64 KiB");
	large[0] = 1;
	end = large + 1;
	for (int i = 0; i <= PACKET_FIELDS_MAX; i++)
		end += sprintf(end, "A%d=", i) + 1;
	tap_is(packet_parse(large, (size_t)(end - large), &packet), -EMSGSIZE,
	       "more than 256 fields");
}

int main(void)
{
	test_round_trip();
	test_building();
	test_repeated_key();
	test_hostile();
	return tap_done();
}
