/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * user-device: a device of two slots in the memory of this process, offered through /dev/fwslot,
 * with whatever a bad process can do. Written from the header alone, as somebody in another
 * language would.
 *
 *   user-device [--serial=TEXT] [--fault=REQUEST@N:WHAT] [--no-read] [--no-boot] [--inspect]
 *   [--transfer=BYTES]
 *
 * REQUEST is inspect, prepare, erase, write, program, abort, read, activate, confirm, go-back or
 * restart; the N-th of them (1 is the first) meets WHAT: die           the process ends at once
 * hang          it never answers this one sleep         it never reads again slow          it says
 * for 14 seconds that it works, then answers late          it answers after 13 seconds without a
 * word refuse        it answers -EBADMSG wrong-id      it answers another id first twice         it
 * answers twice destroy       it destroys the device instead of answering no-boot       (restart)
 * it never comes back
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fwslot_user.h"

#define SLOTS 2
#define SLOT_SIZE (1024 * 1024)

static const char *const names[] = { "inspect", "prepare", "erase",  "write",
				     "program", "abort",   "read",   "activate",
				     "confirm", "go-back", "restart" };

static int fd;
static uint8_t flash[SLOTS][SLOT_SIZE];
static size_t image_size[SLOTS];
static int running, next_slot;
static uint32_t transfer_size = 4096;
static struct {
	uint16_t type;
	unsigned at;
	char what[16];
} faults[8];
static size_t fault_count;

static struct {
	struct fwslot_user_header header;
	struct fwslot_user_request request;
	uint8_t data[FWSLOT_USER_TRANSFER_MAX];
} in;

static struct {
	struct fwslot_user_header header;
	union {
		uint8_t data[FWSLOT_USER_TRANSFER_MAX];
		struct {
			struct fwslot_user_create create;
			struct fwslot_user_slot slots[SLOTS];
		} create;
		struct {
			struct fwslot_user_boot boot;
			struct fwslot_user_content contents[SLOTS];
		} state;
		struct fwslot_user_booted booted;
	} body;
} out;

static void say(uint16_t type, uint32_t id, int result, size_t length)
{
	out.header = (struct fwslot_user_header){ FWSLOT_USER_VERSION, type, (uint32_t)length, id,
						  result };
	if (write(fd, &out, sizeof(out.header) + length) < 0)
		printf("write of %u: %s\n", type, strerror(errno));
	fflush(stdout);
}

static struct fwslot_user_boot boot_record(void)
{
	return (struct fwslot_user_boot){ .state = FWSLOT_BOOT_STATE_CONFIRMED,
					  .running_slot = running,
					  .next_slot = next_slot,
					  .fallback_slot = -1,
					  .limit = 3,
					  .last_restart_reason = FWSLOT_RESTART_REASON_POWER_ON };
}

/* A version is what the image begins with, up to a space or a newline. */
static struct fwslot_user_content content_of(int slot)
{
	struct fwslot_user_content content = { .state = FWSLOT_SLOT_STATE_EMPTY };

	if (image_size[slot] == 0)
		return content;
	content.state = FWSLOT_SLOT_STATE_VALID;
	content.image_size = image_size[slot];
	memcpy(content.version, flash[slot], sizeof(content.version) - 1);
	content.version[strcspn(content.version, " \n")] = '\0';
	return content;
}

static void tell_state(void)
{
	memset(&out.body, 0, sizeof(out.body.state));
	out.body.state.boot = boot_record();
	for (int i = 0; i < SLOTS; i++)
		out.body.state.contents[i] = content_of(i);
	say(FWSLOT_USER_STATE, 0, 0, sizeof(out.body.state));
}

static void boot(int slot, uint32_t reason)
{
	running = slot;
	next_slot = slot;
	out.body.booted = (struct fwslot_user_booted){ .slot = slot, .reason = reason };
	say(FWSLOT_USER_BOOTED, 0, 0, sizeof(out.body.booted));
}

static void pause_ms(int milliseconds)
{
	poll(NULL, 0, milliseconds);
}

/* Returns the length of the answer's body, or a negative errno. */
static int obey(void)
{
	uint32_t slot = in.request.slot;

	if (slot >= SLOTS || in.request.offset + in.request.length > SLOT_SIZE)
		return -EINVAL;
	switch (in.header.type) {
	case FWSLOT_USER_ERASE:
		memset(flash[slot] + in.request.offset, 0xff, in.request.length);
		image_size[slot] = 0;
		return 0;
	case FWSLOT_USER_WRITE:
		memcpy(flash[slot] + in.request.offset, in.data, in.request.length);
		image_size[slot] = in.request.offset + in.request.length;
		return 0;
	case FWSLOT_USER_PROGRAM:
	case FWSLOT_USER_ABORT:
		tell_state();
		return 0;
	case FWSLOT_USER_READ:
		memcpy(out.body.data, flash[slot] + in.request.offset, in.request.length);
		return (int)in.request.length;
	case FWSLOT_USER_ACTIVATE:
		next_slot = (int)slot;
		return 0;
	default:
		return 0;
	}
}

static const char *fault_of(uint16_t type)
{
	for (size_t i = 0; i < fault_count; i++)
		if (faults[i].type == type && faults[i].at > 0 && --faults[i].at == 0)
			return faults[i].what;
	return "";
}

/* False: no answer belongs to this one. */
static int misbehave(const char *what)
{
	uint32_t id = in.header.id;

	if (strcmp(what, "die") == 0)
		_exit(3);
	if (strcmp(what, "hang") == 0)
		return 0;
	if (strcmp(what, "sleep") == 0)
		for (;;)
			pause_ms(1000000);
	if (strcmp(what, "slow") == 0)
		for (int i = 0; i < 7; i++) {
			say(FWSLOT_USER_WORKING, id, 0, 0);
			pause_ms(2000);
		}
	if (strcmp(what, "late") == 0)
		pause_ms(13000);
	if (strcmp(what, "refuse") == 0) {
		say(FWSLOT_USER_ANSWER, id, -EBADMSG, 0);
		return 0;
	}
	if (strcmp(what, "wrong-id") == 0)
		say(FWSLOT_USER_ANSWER, id + 7, 0, 0);
	if (strcmp(what, "destroy") == 0) {
		say(FWSLOT_USER_DESTROY, 0, 0, 0);
		_exit(0);
	}
	return 1;
}

static void serve(void)
{
	ssize_t size = read(fd, &in, sizeof(in));
	const char *what;
	int length;

	if (size < (ssize_t)sizeof(in.header)) {
		printf("read: %s\n", size < 0 ? strerror(errno) : "too short");
		exit(4);
	}
	if (in.header.type == FWSLOT_USER_CANCEL) {
		printf("cancelled\n");
		fflush(stdout);
		return;
	}
	printf("%s slot %u offset %llu length %llu%s\n",
	       names[in.header.type - FWSLOT_USER_INSPECT], in.request.slot,
	       (unsigned long long)in.request.offset, (unsigned long long)in.request.length,
	       in.request.flags & FWSLOT_USER_PERMANENT ? " permanent" : "");
	fflush(stdout);
	what = fault_of(in.header.type);
	if (!misbehave(what))
		return;
	length = obey();
	say(FWSLOT_USER_ANSWER, in.header.id, length < 0 ? length : 0,
	    length > 0 ? (size_t)length : 0);
	if (strcmp(what, "twice") == 0)
		say(FWSLOT_USER_ANSWER, in.header.id, 0, 0);
	if (strcmp(what, "no-boot") == 0)
		return;
	if (in.header.type == FWSLOT_USER_RESTART) {
		pause_ms(300);
		boot(next_slot, FWSLOT_RESTART_REASON_COMMANDED);
	}
	if (in.header.type == FWSLOT_USER_GO_BACK) {
		pause_ms(300);
		boot((int)in.request.slot, FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED);
	}
}

static void create(uint32_t abilities, const char *serial)
{
	struct fwslot_user_create *body = &out.body.create.create;

	memset(&out.body.create, 0, sizeof(out.body.create));
	body->abilities = abilities;
	body->num_slots = SLOTS;
	body->transfer_size = transfer_size;
	snprintf(body->name, sizeof(body->name), "Device of a process");
	snprintf(body->hardware_id, sizeof(body->hardware_id), "acme/process");
	snprintf(body->serial, sizeof(body->serial), "%s", serial);
	body->boot = boot_record();
	for (int i = 0; i < SLOTS; i++) {
		struct fwslot_user_slot *slot = &out.body.create.slots[i];

		snprintf(slot->label, sizeof(slot->label), "%c", 'a' + i);
		slot->size = SLOT_SIZE;
		slot->content = content_of(i);
	}
	say(FWSLOT_USER_CREATE, 0, 0, sizeof(out.body.create));
}

static int add_fault(const char *text)
{
	char name[16];
	unsigned at;

	if (fault_count == sizeof(faults) / sizeof(faults[0]) ||
	    sscanf(text, "%15[a-z-]@%u:%15[a-z-]", name, &at, faults[fault_count].what) != 3)
		return -1;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0) {
			faults[fault_count].type = (uint16_t)(FWSLOT_USER_INSPECT + i);
			faults[fault_count++].at = at;
			return 0;
		}
	return -1;
}

int main(int argc, char *argv[])
{
	uint32_t abilities = FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_ERASE |
			     FWSLOT_USER_CAN_PROGRAM | FWSLOT_USER_CAN_READ | FWSLOT_USER_CAN_BOOT |
			     FWSLOT_USER_CAN_ACTIVATE | FWSLOT_USER_CAN_CONFIRM |
			     FWSLOT_USER_CAN_RESTART;
	const char *serial = "0";

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--serial=", 9) == 0)
			serial = argv[i] + 9;
		else if (strncmp(argv[i], "--transfer=", 11) == 0)
			transfer_size = (uint32_t)strtoul(argv[i] + 11, NULL, 0);
		else if (strcmp(argv[i], "--inspect") == 0)
			abilities |= FWSLOT_USER_CAN_INSPECT;
		else if (strcmp(argv[i], "--no-read") == 0)
			abilities &= ~(uint32_t)FWSLOT_USER_CAN_READ;
		else if (strcmp(argv[i], "--no-boot") == 0)
			abilities &= FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_READ;
		else if (strncmp(argv[i], "--fault=", 8) != 0 || add_fault(argv[i] + 8) < 0)
			return 2;
	}
	fd = open("/dev/fwslot", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror("/dev/fwslot");
		return 1;
	}
	strcpy((char *)flash[0], "1.0.0 factory\n");
	image_size[0] = 14;
	create(abilities, serial);
	for (;;)
		serve();
}
