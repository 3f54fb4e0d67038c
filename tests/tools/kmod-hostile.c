// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writes nonsense into every attribute of every device and slot, several threads at once, reads them at
 * any offset, and sends malformed messages to the netlink family. It judges only that this happens and
 * ends; whether the kernel is well is said by the kernel's log.
 *
 *   kmod-hostile ROUNDS     prints "N writes (A accepted), R reads, M messages (E errors)"
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "fwslot_netlink.h"

#define WRITERS 4
#define BYTES_MAX 5000
#define MESSAGE_MAX 256

static glob_t files;
static unsigned long rounds;
static atomic_ulong writes, accepted, reads, messages, errors;

/* The same nonsense in each run: xorshift, a seed for each thread. */
static uint32_t random_of(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* What some attribute takes, so that the others get it too, and what none does. */
static const char *const words[] = {
	"1",	      "0",	     "-1",
	"2",	      "trial",	     "permanent",
	"",	      "\n",	     "1\n",
	" 1",	      "yes",	     "trialpermanent",
	"4294967296", "-2147483649", "18446744073709551616",
	"0x1",	      "%s%n",	     "1 2 3",
	"trial\n\n",
};

static size_t make_nonsense(uint32_t *seed, char *bytes)
{
	size_t length;

	if (random_of(seed) % 4) {
		const char *word = words[random_of(seed) % (sizeof(words) / sizeof(*words))];

		length = strlen(word);
		memcpy(bytes, word, length);
		return length;
	}
	length = random_of(seed) % BYTES_MAX;
	for (size_t i = 0; i < length; i++)
		bytes[i] = random_of(seed) >> 24;
	return length;
}

static void *abuse_attributes(void *number)
{
	uint32_t seed = 2463534242U + (uint32_t)(uintptr_t)number;
	char bytes[BYTES_MAX];

	for (unsigned long i = 0; i < rounds; i++) {
		const char *path = files.gl_pathv[random_of(&seed) % files.gl_pathc];
		bool is_write = random_of(&seed) % 2;
		int fd = open(path, (is_write ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
		off_t offset = random_of(&seed) % 3 ? 0 : random_of(&seed) % 70000;
		size_t length = make_nonsense(&seed, bytes);

		if (fd < 0)
			continue;
		if (is_write) {
			atomic_fetch_add(&writes, 1);
			if (pwrite(fd, bytes, length, offset) >= 0)
				atomic_fetch_add(&accepted, 1);
		} else {
			atomic_fetch_add(&reads, 1);
			if (pread(fd, bytes, length, offset) < 0)
				errno = 0;
		}
		close(fd);
	}
	return NULL;
}

/* A header that is right more often than not, then attributes whose lengths and types are anything. */
static size_t make_message(uint32_t *seed, uint16_t family, unsigned char *bytes)
{
	struct nlmsghdr header = {
		.nlmsg_type = family,
		.nlmsg_flags = NLM_F_REQUEST | (random_of(seed) % 2 ? NLM_F_DUMP : NLM_F_ACK),
		.nlmsg_seq = random_of(seed),
	};
	struct genlmsghdr command = {
		.cmd = random_of(seed) % (FWSLOT_CMD_MAX + 3),
		.version = random_of(seed) % 4 ? FWSLOT_FAMILY_VERSION : random_of(seed),
	};
	size_t length = NLMSG_HDRLEN + GENL_HDRLEN;

	for (unsigned int i = random_of(seed) % 5; i > 0 && length + 32 < MESSAGE_MAX; i--) {
		struct nlattr attribute = {
			.nla_len = random_of(seed) % 5 ? NLA_HDRLEN + 4 : random_of(seed) % 40,
			.nla_type = random_of(seed) % 4 ? 1 + random_of(seed) % 4 : random_of(seed),
		};
		uint32_t value = random_of(seed) % 3 ? random_of(seed) % 4 : random_of(seed);

		memcpy(bytes + length, &attribute, sizeof(attribute));
		memcpy(bytes + length + NLA_HDRLEN, &value, sizeof(value));
		length += NLA_HDRLEN + sizeof(value);
	}
	memcpy(bytes + NLMSG_HDRLEN, &command, sizeof(command));
	/* Cut off anywhere, or longer than it says. */
	header.nlmsg_len = random_of(seed) % 8 ? length : random_of(seed) % MESSAGE_MAX;
	memcpy(bytes, &header, sizeof(header));
	return random_of(seed) % 8 ? length :
				     NLMSG_HDRLEN + random_of(seed) % (length - NLMSG_HDRLEN + 1);
}

static void read_answers(int fd)
{
	static unsigned char answer[65536];
	ssize_t n;

	while ((n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
		const struct nlmsgerr *error = NLMSG_DATA(header);

		if (header->nlmsg_type == NLMSG_ERROR && error->error)
			atomic_fetch_add(&errors, 1);
	}
}

static void *abuse_netlink(void *unused)
{
	struct nl_sock *sock = nl_socket_alloc();
	unsigned char bytes[MESSAGE_MAX] = { 0 };
	uint32_t seed = 88172645U;
	int family;

	(void)unused;
	if (!sock || genl_connect(sock) < 0)
		return NULL;
	family = genl_ctrl_resolve(sock, FWSLOT_FAMILY_NAME);
	for (unsigned long i = 0; family > 0 && i < rounds; i++) {
		size_t length = make_message(&seed, family, bytes);

		if (send(nl_socket_get_fd(sock), bytes, length, 0) >= 0)
			atomic_fetch_add(&messages, 1);
		read_answers(nl_socket_get_fd(sock));
	}
	nl_socket_free(sock);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[WRITERS + 1];

	if (argc != 2 || !(rounds = strtoul(argv[1], NULL, 10))) {
		fprintf(stderr, "usage: kmod-hostile ROUNDS\n");
		return 2;
	}
	glob("/sys/class/fwslot/*/[a-z]*", GLOB_NOSORT, NULL, &files);
	glob("/sys/class/fwslot/*/boot/*", GLOB_NOSORT | GLOB_APPEND, NULL, &files);
	if (!files.gl_pathc) {
		fprintf(stderr, "kmod-hostile: there is no device\n");
		return 1;
	}
	pthread_create(&threads[WRITERS], NULL, abuse_netlink, NULL);
	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[i], NULL, abuse_attributes, (void *)(i * 7919));
	for (unsigned int i = 0; i <= WRITERS; i++)
		pthread_join(threads[i], NULL);
	printf("%lu writes (%lu accepted), %lu reads, %lu messages (%lu errors)\n",
	       atomic_load(&writes), atomic_load(&accepted), atomic_load(&reads),
	       atomic_load(&messages), atomic_load(&errors));
	globfree(&files);
	return 0;
}
