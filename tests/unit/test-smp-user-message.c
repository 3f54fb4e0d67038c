/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel accepts from a process at /dev/fwslot: the file of the module that checks the
 * shape of messages, compiled here; and that fwslot-smp's own messages have it.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kmod/user/message.c"
#include "smp/provider.h"
#include "tap.h"

static struct {
	struct fwslot_user_create create;
	struct fwslot_user_slot slots[3];
} create;
static struct {
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[3];
} state;

#define ALL_ABILITIES                                                              \
	(FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_BOOT | FWSLOT_USER_CAN_ACTIVATE | \
	 FWSLOT_USER_CAN_CONFIRM | FWSLOT_USER_CAN_RESTART | FWSLOT_USER_ASSESSES_ITSELF)

static void make_good(void)
{
	memset(&create, 0, sizeof(create));
	create.create.abilities = ALL_ABILITIES;
	create.create.num_slots = 2;
	strcpy(create.create.name, "A device");
	strcpy(create.create.hardware_id, "acme/device");
	create.create.boot = (struct fwslot_user_boot){
		.running_slot = 0, .next_slot = -1, .fallback_slot = 1, .limit = 3, .attempts = 3
	};
	for (int i = 0; i < 2; i++) {
		strcpy(create.slots[i].label, "slot");
		create.slots[i].size = 1000;
		create.slots[i].content.state = FWSLOT_SLOT_STATE_CONFIRMED;
		create.slots[i].content.image_size = 1000;
	}
	memset(&state, 0, sizeof(state));
	state.boot = create.create.boot;
}

static size_t create_size(unsigned slots)
{
	return sizeof(create.create) + slots * sizeof(create.slots[0]);
}

static int check_create(void)
{
	return fwslot_user_check_create(&create.create, create_size(2));
}

static void layout(void)
{
	/* Programs in other languages count on these numbers: they never change. */
	tap_is(sizeof(struct fwslot_user_header), 16, "size of the header");
	tap_is(sizeof(struct fwslot_user_boot), 32, "size of a boot record");
	tap_is(sizeof(struct fwslot_user_content), 112, "size of a content");
	tap_is(sizeof(struct fwslot_user_slot), 256, "size of a slot");
	tap_is(sizeof(struct fwslot_user_create), 568, "size of a creation");
	tap_is(offsetof(struct fwslot_user_create, boot), 536, "its boot record");
	tap_is(sizeof(struct fwslot_user_request), 32, "size of a request");
	tap_is(offsetof(struct fwslot_user_slot, content), 144, "a slot's content");
}

static const struct {
	const char *what;
	struct fwslot_user_header header;
	size_t count;
	int expected;
} headers[] = {
	{ "an answer", { 1, FWSLOT_USER_ANSWER, 0, 5, 0 }, 16, 0 },
	{ "an answer with a result", { 1, FWSLOT_USER_ANSWER, 0, 5, -EIO }, 16, 0 },
	{ "an answer with bytes", { 1, FWSLOT_USER_ANSWER, 4, 5, 0 }, 20, 0 },
	{ "another version", { 2, FWSLOT_USER_ANSWER, 0, 5, 0 }, 16, -EPROTONOSUPPORT },
	{ "a type that does not exist", { 1, 99, 0, 5, 0 }, 16, -EOPNOTSUPP },
	{ "a request from the wrong side", { 1, FWSLOT_USER_WRITE, 0, 5, 0 }, 16, -EOPNOTSUPP },
	{ "a length that is not that of the write",
	  { 1, FWSLOT_USER_ANSWER, 4, 5, 0 },
	  16,
	  -EMSGSIZE },
	{ "a length beyond all", { 1, FWSLOT_USER_ANSWER, 0xffffffff, 5, 0 }, 15, -EMSGSIZE },
	{ "a body where none belongs", { 1, FWSLOT_USER_WORKING, 4, 5, 0 }, 20, -EMSGSIZE },
	{ "no body where one belongs", { 1, FWSLOT_USER_BOOTED, 0, 0, 0 }, 16, -EMSGSIZE },
	{ "too many bytes read back", { 1, FWSLOT_USER_ANSWER, 65537, 5, 0 }, 65553, -EMSGSIZE },
	{ "an answer to nothing", { 1, FWSLOT_USER_ANSWER, 0, 0, 0 }, 16, -EINVAL },
	{ "an id where none belongs", { 1, FWSLOT_USER_DESTROY, 0, 5, 0 }, 16, -EINVAL },
	{ "a positive result", { 1, FWSLOT_USER_ANSWER, 0, 5, 1 }, 16, -EINVAL },
	{ "a result that is no errno", { 1, FWSLOT_USER_ANSWER, 0, 5, -5000 }, 16, -EINVAL },
	{ "a failure with bytes", { 1, FWSLOT_USER_ANSWER, 4, 5, -EIO }, 20, -EINVAL },
	{ "a result in what is no answer", { 1, FWSLOT_USER_WORKING, 0, 5, -EIO }, 16, -EINVAL },
};

#define BREAKS(statement, what)                        \
	do {                                           \
		make_good();                           \
		statement;                             \
		tap_is(check_create(), -EINVAL, what); \
	} while (0)

static void creations(void)
{
	make_good();
	tap_is(check_create(), 0, "a good creation");
	tap_is(fwslot_user_check_create(&create.create, create_size(1)), -EMSGSIZE,
	       "a slot is missing");
	tap_is(fwslot_user_check_create(&create.create, create_size(3)), -EMSGSIZE,
	       "one slot more");
	BREAKS(create.create.num_slots = 0, "no slots");
	BREAKS(create.create.num_slots = 33, "33 slots");
	BREAKS(create.create.transfer_size = 63, "a transfer of 63 bytes");
	BREAKS(create.create.transfer_size = 65537, "a transfer of 65537 bytes");
	BREAKS(create.create.reserved = 1, "a reserved field");
	BREAKS(create.create.reserved2 = 1, "the other");
	BREAKS(create.create.abilities |= 1U << 31, "an ability that does not exist");
	BREAKS(create.create.abilities &= ~(unsigned)FWSLOT_USER_CAN_ACTIVATE,
	       "boots, but cannot activate");
	BREAKS(create.create.abilities &= ~(unsigned)FWSLOT_USER_CAN_CONFIRM,
	       "assesses itself, but cannot confirm");
	BREAKS(create.create.abilities |= FWSLOT_USER_READS_IN_SEQUENCE,
	       "reads in sequence, but cannot read");
	BREAKS(create.create.abilities = FWSLOT_USER_CAN_INSPECT, "inspects, but cannot write");
	BREAKS(create.create.name[0] = '\0', "no name");
	BREAKS(memset(create.create.name, 'x', sizeof(create.create.name)),
	       "a name without an end");
	BREAKS(memset(create.create.serial, 'x', sizeof(create.create.serial)),
	       "a serial without an end");
	BREAKS(create.create.hardware_id[0] = '\0', "no hardware id");
	BREAKS(create.create.boot.running_slot = 2, "runs a slot that is not there");
	BREAKS(create.create.boot.next_slot = -2, "next slot -2");
	BREAKS(create.create.boot.limit = 0, "a limit of 0");
	BREAKS(create.create.boot.limit = 256, "a limit of 256");
	BREAKS(create.create.boot.attempts = 4, "more attempts than the limit");
	BREAKS(create.create.boot.state = FWSLOT_BOOT_STATE_MAX + 1,
	       "a boot state that does not exist");
	BREAKS(create.create.boot.last_restart_reason = 99, "a reason that does not exist");
	BREAKS(create.slots[1].size = 0, "a slot of no size");
	BREAKS(create.slots[1].label[0] = '\0', "a slot without a label");
	BREAKS(create.slots[1].flags = 2, "a slot flag that does not exist");
	BREAKS(create.slots[1].content.image_size = 1001, "an image larger than its slot");
	BREAKS(create.slots[1].content.state = FWSLOT_SLOT_STATE_MAX + 1,
	       "a state that does not exist");
	BREAKS(create.slots[1].content.flags = 2, "a content flag that does not exist");
	BREAKS(memset(create.slots[1].content.version, 'x', 64), "a version without an end");
	make_good();
	create.create.abilities = FWSLOT_USER_CAN_WRITE;
	create.create.boot.limit = 0;
	tap_is(check_create(), -EINVAL, "\"confirmed\" from a device that does not assess itself");
	create.slots[0].content.state = FWSLOT_SLOT_STATE_VALID;
	create.slots[1].content.state = FWSLOT_SLOT_STATE_INVALID;
	tap_is(check_create(), 0, "without boot control nobody looks at its boot record");
}

static int check_state(size_t slots)
{
	return fwslot_user_check_state(&state.boot,
				       sizeof(state.boot) + slots * sizeof(state.contents[0]),
				       ALL_ABILITIES, 2);
}

static void states(void)
{
	struct fwslot_user_booted booted = { .slot = 1 };

	make_good();
	tap_is(check_state(2), 0, "a good state");
	tap_is(check_state(1), -EMSGSIZE, "a slot is missing");
	state.contents[1].state = 99;
	tap_is(check_state(2), -EINVAL, "a state that does not exist");
	make_good();
	state.boot.reserved = 1;
	tap_is(check_state(2), -EINVAL, "a reserved field");
	tap_is(fwslot_user_check_booted(&booted, 2), 0, "booted from slot 1");
	booted.slot = -1;
	tap_is(fwslot_user_check_booted(&booted, 2), 0, "from nowhere");
	booted.slot = 2;
	tap_is(fwslot_user_check_booted(&booted, 2), -EINVAL, "from a slot that is not there");
	booted = (struct fwslot_user_booted){ .reason = 99 };
	tap_is(fwslot_user_check_booted(&booted, 2), -EINVAL, "for a reason that does not exist");
}

/* ---- fwslot-smp's end ---- */

static struct {
	struct fwslot_user_header header;
	uint8_t body[70000];
} heard;

static int hear(int fd)
{
	ssize_t size = recv(fd, &heard, sizeof(heard), MSG_DONTWAIT);

	return size < 0 ? -errno : fwslot_user_check_header(&heard.header, (size_t)size);
}

static void provider(void)
{
	static const struct provider_device device = { .name = "A device",
						       .hardware_id = "acme/device",
						       .serial = "1",
						       .abilities = ALL_ABILITIES,
						       .num_slots = 2,
						       .slots = { { "a", 1000, false },
								  { "b", 1000, true } } };
	static const struct fwslot_user_content contents[2] = { { .version = "1" } };
	static struct provider self;
	struct {
		struct fwslot_user_header header;
		struct fwslot_user_request request;
		uint8_t data[4];
	} request = { .header = { 1, FWSLOT_USER_WRITE, sizeof(request.request) + 4, 7, 0 },
		      .request = { .length = 4 },
		      .data = "abc" };
	int fds[2];

	make_good();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds) < 0)
		tap_bail("socketpair");
	self.fd = fds[0];
	tap_is(provider_create(&self, &device, &state.boot, contents), 0, "created");
	tap_is(hear(fds[1]), 0, "its header is good");
	tap_is(fwslot_user_check_create((void *)heard.body, heard.header.length), 0,
	       "and its body");
	tap_is(provider_set_state(&self, &state.boot, contents), 0, "state told");
	tap_is(hear(fds[1]), 0, "its header is good");
	tap_is(fwslot_user_check_state((void *)heard.body, heard.header.length, ALL_ABILITIES, 2),
	       0, "and its body");
	tap_is(provider_booted(&self, 0, FWSLOT_RESTART_REASON_COMMANDED), 0, "boot told");
	tap_is(hear(fds[1]), 0, "its header is good");
	tap_is(fwslot_user_check_booted((void *)heard.body, 2), 0, "and its body");

	tap_is(provider_receive(&self), 0, "nothing asked");
	send(fds[1], &request, sizeof(request.header) + sizeof(request.request) + 4, 0);
	tap_is(provider_receive(&self), 1, "a request");
	tap_ok(memcmp(self.data, "abc", 4) == 0, "its bytes");
	tap_is(provider_working(&self), 0, "worked on");
	tap_is(hear(fds[1]), 0, "its header is good");
	request.header = (struct fwslot_user_header){ 1, FWSLOT_USER_CANCEL, 0, 7, 0 };
	send(fds[1], &request.header, sizeof(request.header), 0);
	tap_is(provider_receive(&self), 0, "a cancellation is no request");
	tap_ok(self.is_cancelled, "but is noticed");
	tap_is(provider_answer(&self, -ECANCELED), 0, "answered");
	tap_is(hear(fds[1]), 0, "its header is good");
	tap_is(heard.header.id, 7, "its id");
	tap_is(provider_answer(&self, 0), 0, "a second answer");
	tap_is(hear(fds[1]), -EAGAIN, "is not sent");

	request.header = (struct fwslot_user_header){ 1, FWSLOT_USER_WRITE, 36, 8, 0 };
	request.request.length = 5;
	send(fds[1], &request, sizeof(request.header) + 36, 0);
	tap_is(provider_receive(&self), -EBADMSG, "bytes that are not there");
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	layout();
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		tap_is(fwslot_user_check_header(&headers[i].header, headers[i].count),
		       headers[i].expected, headers[i].what);
	creations();
	states();
	provider();
	return tap_done();
}
