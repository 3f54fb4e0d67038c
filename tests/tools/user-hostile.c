/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user-hostile: says to /dev/fwslot what no process should, and checks each answer (TAP). Runs in
 * the virtual machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fwslot_user.h"
#include "tap.h"

#define DEVICE "/dev/fwslot"

struct message {
	struct fwslot_user_header header;
	union {
		uint8_t bytes[70000];
		struct {
			struct fwslot_user_create create;
			struct fwslot_user_slot slots[4];
		} create;
		struct {
			struct fwslot_user_boot boot;
			struct fwslot_user_content contents[4];
		} state;
		struct fwslot_user_booted booted;
	} body;
};

static struct message message;
static int fd;

/* The errno of writing the message, 0 if it was taken. */
static int say(uint16_t type, uint32_t id, size_t length)
{
	message.header =
		(struct fwslot_user_header){ FWSLOT_USER_VERSION, type, (uint32_t)length, id, 0 };
	return write(fd, &message, sizeof(message.header) + length) < 0 ? errno : 0;
}

static int say_bytes(const void *bytes, size_t size)
{
	return write(fd, bytes, size) < 0 ? errno : 0;
}

static size_t fill_create(void)
{
	memset(&message, 0, sizeof(message));
	message.body.create.create.abilities = FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_READ;
	message.body.create.create.num_slots = 2;
	strcpy(message.body.create.create.name, "Hostile");
	strcpy(message.body.create.create.hardware_id, "acme/hostile");
	for (int i = 0; i < 2; i++) {
		strcpy(message.body.create.slots[i].label, "x");
		message.body.create.slots[i].size = 4096;
	}
	return sizeof(message.body.create.create) + 2 * sizeof(message.body.create.slots[0]);
}

static int create(void)
{
	return say(FWSLOT_USER_CREATE, 0, fill_create());
}

static void open_device(void)
{
	fd = open(DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		tap_bail(DEVICE ": %s", strerror(errno));
}

static void before_create(void)
{
	const void *volatile nowhere = (const void *)8;

	open_device();
	tap_is(read(fd, &message, sizeof(message)) < 0 ? errno : 0, ENODEV,
	       "nothing to read without a device");
	tap_is(say(FWSLOT_USER_DESTROY, 0, 0), ENODEV, "nothing to destroy");
	tap_is(say(FWSLOT_USER_STATE, 0,
		   sizeof(message.body.state.boot) + sizeof(message.body.state.contents[0])),
	       ENODEV, "no state to tell");
	tap_is(say(FWSLOT_USER_BOOTED, 0, sizeof(message.body.booted)), ENODEV, "no boot to tell");
	tap_is(say(FWSLOT_USER_ANSWER, 1, 0), ESTALE, "nothing to answer");
	tap_is(say(FWSLOT_USER_WORKING, 1, 0), ESTALE, "nothing to work on");
	tap_is(say_bytes("", 0), EMSGSIZE, "no bytes");
	tap_is(say_bytes("abc", 3), EMSGSIZE, "three bytes");
	tap_is(say_bytes(nowhere, 100), EFAULT, "bytes from nowhere");
	tap_is(lseek(fd, 0, SEEK_SET) < 0 ? errno : 0, ESPIPE, "there is no position");
	close(fd);
}

static void bad_creates(void)
{
	size_t length;

	open_device();
	length = fill_create();
	message.body.create.create.num_slots = 0xffffffff;
	tap_is(say(FWSLOT_USER_CREATE, 0, length), EINVAL, "four milliard slots");
	length = fill_create();
	message.body.create.create.num_slots = 3;
	tap_is(say(FWSLOT_USER_CREATE, 0, length), EMSGSIZE, "a slot is missing");
	length = fill_create();
	memset(message.body.create.create.name, 'x', FWSLOT_USER_NAME_SIZE);
	tap_is(say(FWSLOT_USER_CREATE, 0, length), EINVAL, "a name without an end");
	length = fill_create();
	message.body.create.slots[0].size = 0;
	tap_is(say(FWSLOT_USER_CREATE, 0, length), EINVAL, "a slot of no size");
	tap_is(create(), 0, "after all that, a good one");
	tap_is(create(), EEXIST, "a second device through one file");
	tap_is(say(FWSLOT_USER_BOOTED, 0, sizeof(message.body.booted)), EOPNOTSUPP,
	       "a boot of a device that cannot boot");
	tap_is(say(FWSLOT_USER_ANSWER, 77, 0), ESTALE, "an answer that nobody waits for");
	tap_is(say(FWSLOT_USER_DESTROY, 0, 0), 0, "destroyed");
	tap_is(create(), 0, "and created again");
	close(fd);
}

static void at_random(void)
{
	unsigned taken = 0;

	open_device();
	srandom(1);
	create();
	for (int i = 0; i < 20000; i++) {
		size_t size = (size_t)random() % 2000;

		for (size_t j = 0; j < size; j++)
			((uint8_t *)&message)[j] = (uint8_t)random();
		if (i % 2) {
			message.header.version = FWSLOT_USER_VERSION;
			message.header.type = (uint16_t)(random() % 8);
			message.header.length = (uint32_t)(size > 16 ? size - 16 : 0);
			message.header.id = message.header.type > 4 ? 1 : 0;
			message.header.result = 0;
		}
		taken += say_bytes(&message, size < 16 ? 16 : size) == 0;
	}
	tap_ok(taken < 20000, "20000 messages at random, %u of them taken", taken);
	close(fd);
}

/* A page that is never there: copying from it must hold nothing that others need. */
static void bad_addresses(void)
{
	uint8_t *page =
		mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t length = fill_create();

	open_device();
	if (page == MAP_FAILED || munmap(page + 4096, 4096) < 0)
		tap_bail("mmap");
	message.header = (struct fwslot_user_header){ FWSLOT_USER_VERSION, FWSLOT_USER_CREATE,
						      (uint32_t)length, 0, 0 };
	memcpy(page + 4096 - 500, &message, 500);
	tap_is(say_bytes(page + 4096 - 500, sizeof(message.header) + length), EFAULT,
	       "a message that ends in nothing");
	tap_is(create(), 0, "harms nothing");
	close(fd);
}

static void many_devices(void)
{
	int fds[FWSLOT_USER_DEVICES_MAX + 1];
	unsigned created = 0;
	int error = 0;

	for (unsigned i = 0; i <= FWSLOT_USER_DEVICES_MAX; i++) {
		open_device();
		fds[i] = fd;
		error = create();
		created += error == 0;
	}
	tap_is(created, FWSLOT_USER_DEVICES_MAX, "64 devices at a time");
	tap_is(error, EUSERS, "and not one more");
	for (unsigned i = 0; i <= FWSLOT_USER_DEVICES_MAX; i++)
		close(fds[i]);
}

/* Threads that create, destroy, answer and read through one file at once. */
static void *disturb(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;
	static __thread struct message mine;

	for (int i = 0; i < 3000; i++) {
		uint16_t type = (uint16_t)(1 + rand_r(&seed) % 6);
		size_t length = 0;

		if (type == FWSLOT_USER_CREATE) {
			memcpy(&mine, &message, 4096);
			length = mine.header.length;
		} else if (type == FWSLOT_USER_BOOTED) {
			length = sizeof(mine.body.booted);
		} else if (type == FWSLOT_USER_STATE) {
			memset(&mine, 0, 1000);
			length = sizeof(struct fwslot_user_boot) +
				 2 * sizeof(struct fwslot_user_content);
		}
		mine.header = (struct fwslot_user_header){
			FWSLOT_USER_VERSION, type, (uint32_t)length,
			type >= FWSLOT_USER_ANSWER ? (uint32_t)(rand_r(&seed) % 4 + 1) : 0, 0
		};
		(void)!write(fd, &mine, sizeof(mine.header) + length);
		(void)!read(fd, &mine, sizeof(mine));
	}
	return NULL;
}

static void many_threads(void)
{
	pthread_t threads[4];

	open_device();
	message.header.length = (uint32_t)fill_create();
	for (uintptr_t i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, disturb, (void *)(i + 1)) != 0)
			tap_bail("pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	tap_ok(true, "four threads that create, destroy, answer and read through one file");
	close(fd);
}

static void inherited_file(void)
{
	pid_t pid;

	open_device();
	tap_is(create(), 0, "a device");
	pid = fork();
	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	tap_is(say(FWSLOT_USER_DESTROY, 0, 0), 0,
	       "survives a child that closes its copy of the file");
	close(fd);
}

int main(void)
{
	before_create();
	bad_creates();
	at_random();
	bad_addresses();
	many_devices();
	many_threads();
	inherited_file();
	return tap_done();
}
