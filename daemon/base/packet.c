/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Building, checking, sending and receiving packets. Knows no key by name. */
#include "base/packet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/file.h"
#include "base/parse.h"

struct packet {
	size_t capacity;
	size_t size;
	size_t fields;
	int error; /* the first of packet_add(), kept */
	char bytes[];
};

struct packet *packet_new(size_t capacity_bytes)
{
	struct packet *packet;

	if (capacity_bytes < 2 || capacity_bytes > PACKET_BYTES_MAX)
		return NULL;
	packet = malloc(sizeof(*packet) + capacity_bytes);
	if (!packet)
		return NULL;
	*packet = (struct packet){ .capacity = capacity_bytes, .size = 1 };
	packet->bytes[0] = PACKET_VERSION;
	return packet;
}

void packet_free(struct packet *packet)
{
	free(packet);
}

/* The length of the KEY at the start of @text (up to @end or a '='), 0 if it is not one. */
static size_t key_length(const char *text)
{
	size_t length;

	if (text[0] < 'A' || text[0] > 'Z')
		return 0;
	for (length = 1; length <= PACKET_KEY_MAX; length++) {
		char c = text[length];

		if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
			return length;
	}
	return 0;
}

/* The value of the key @key of @length characters among the first @size bytes. */
static const char *find_value(const struct packet *packet, size_t size, const char *key,
			      size_t length)
{
	const char *field = packet->bytes + 1;

	while (field < packet->bytes + size) {
		if (strncmp(field, key, length) == 0 && field[length] == '=')
			return field + length + 1;
		field += strlen(field) + 1;
	}
	return NULL;
}

static int check_addition(const struct packet *packet, const char *key, size_t value_length)
{
	size_t length = key_length(key);

	if (packet->error < 0)
		return packet->error;
	if (length == 0 || key[length] != 0)
		return -EINVAL;
	if (find_value(packet, packet->size, key, length))
		return -EEXIST;
	if (packet->fields == PACKET_FIELDS_MAX || value_length > packet->capacity ||
	    length + value_length + 2 > packet->capacity - packet->size)
		return -EMSGSIZE;
	return 0;
}

int packet_add(struct packet *packet, const char *key, const char *value)
{
	size_t value_length = strlen(value);
	int r = check_addition(packet, key, value_length);

	if (r < 0)
		return packet->error = r;
	packet->size += (size_t)sprintf(packet->bytes + packet->size, "%s=%s", key, value) + 1;
	packet->fields++;
	return 0;
}

int packet_add_u64(struct packet *packet, const char *key, uint64_t value)
{
	return packet_add_format(packet, key, "%" PRIu64, value);
}

int packet_add_format(struct packet *packet, const char *key, const char *format, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = vasprintf(&value, format, arguments);
	va_end(arguments);
	if (r < 0) {
		value = NULL;
		return packet->error = -ENOMEM;
	}
	return packet_add(packet, key, value);
}

const char *packet_get(const struct packet *packet, const char *key)
{
	return find_value(packet, packet->size, key, strlen(key));
}

int packet_get_u64(const struct packet *packet, const char *key, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	const char *value = packet_get(packet, key);

	return value ? parse_u64_range(value, min, max, ret) : -ENODATA;
}

/* Counts the fields of a packet whose last byte is known to be a NUL. */
static int check_fields(struct packet *packet)
{
	const char *field = packet->bytes + 1;

	while (field < packet->bytes + packet->size) {
		size_t length = key_length(field);

		if (length == 0 || field[length] != '=' ||
		    find_value(packet, (size_t)(field - packet->bytes), field, length))
			return -EBADMSG;
		if (++packet->fields > PACKET_FIELDS_MAX)
			return -EMSGSIZE;
		field += strlen(field) + 1;
	}
	return 0;
}

int packet_parse(const void *bytes, size_t size, struct packet **ret)
{
	_cleanup_packet_ struct packet *packet = NULL;
	const char *text = bytes;
	int r;

	if (size > PACKET_BYTES_MAX)
		return -EMSGSIZE;
	if (size < 1 || text[0] != PACKET_VERSION || (size > 1 && text[size - 1] != 0))
		return -EBADMSG;
	packet = packet_new(size < 2 ? 2 : size);
	if (!packet)
		return -ENOMEM;
	memcpy(packet->bytes, bytes, size);
	packet->size = size;
	r = check_fields(packet);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(packet);
	return 0;
}

const void *packet_bytes(const struct packet *packet, size_t *ret_size)
{
	*ret_size = packet->size;
	return packet->bytes;
}

/* Room for PACKET_FDS_MAX descriptors, aligned as the kernel wants it. */
union control_buffer {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * PACKET_FDS_MAX)];
};

int packet_send(int fd, const struct packet *packet, const int *fds, size_t fd_count)
{
	union control_buffer control = { 0 };
	struct iovec part = { (void *)packet->bytes, packet->size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (packet->error < 0)
		return packet->error;
	if (fd_count > PACKET_FDS_MAX)
		return -E2BIG;
	if (fd_count > 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * fd_count);
	}
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Takes the descriptors out of a received message; closes those past the limit. */
static void take_descriptors(struct msghdr *message, int fds[static PACKET_FDS_MAX])
{
	size_t taken = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int received;

			memcpy(&received, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (taken < PACKET_FDS_MAX)
				fds[taken++] = received;
			else
				close_fd(received);
		}
	}
}

int packet_receive(int fd, struct packet **ret, int fds[static PACKET_FDS_MAX])
{
	_cleanup_free_ char *buffer = NULL;
	union control_buffer control;
	struct iovec part;
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n;

	for (size_t i = 0; i < PACKET_FDS_MAX; i++)
		fds[i] = -EBADF;
	buffer = malloc(PACKET_BYTES_MAX);
	if (!buffer)
		return -ENOMEM;
	part = (struct iovec){ buffer, PACKET_BYTES_MAX };
	do
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	take_descriptors(&message, fds);
	if (n == 0)
		return -EPIPE;
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EMSGSIZE;
	return packet_parse(buffer, (size_t)n, ret);
}
