// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asks the generic netlink family "fwslot" and listens to it; prints one line for each message, so that
 * tests can compare it with sysfs. It knows the family's header and nothing of the daemon.
 *
 *   fwslot-netlink device N | devices | slot N M | slots [N]
 *   fwslot-netlink watch events|progress MILLISECONDS
 *
 * "watch" prints "ready" once it listens, and a time in milliseconds before each message.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "fwslot_netlink.h"

enum form { FORM_U32, FORM_U64, FORM_STRING, FORM_FLAG, FORM_NEST };

struct attribute {
	const char *name;
	enum form form;
};

static const struct attribute boot_attributes[FWSLOT_A_BOOT_MAX + 1] = {
	[FWSLOT_A_BOOT_TOTAL] = { "total", FORM_U64 },
	[FWSLOT_A_BOOT_STATE] = { "state", FORM_U32 },
	[FWSLOT_A_BOOT_RUNNING] = { "running", FORM_U32 },
	[FWSLOT_A_BOOT_NEXT] = { "next", FORM_U32 },
	[FWSLOT_A_BOOT_FALLBACK] = { "fallback", FORM_U32 },
	[FWSLOT_A_BOOT_LIMIT] = { "limit", FORM_U32 },
	[FWSLOT_A_BOOT_ATTEMPTS] = { "attempts", FORM_U32 },
	[FWSLOT_A_BOOT_ATTEMPTS_LEFT] = { "attempts_left", FORM_U32 },
	[FWSLOT_A_BOOT_LAST_RESTART_REASON] = { "reason", FORM_U32 },
};

static const struct attribute device_attributes[FWSLOT_A_DEV_MAX + 1] = {
	[FWSLOT_A_DEV_INDEX] = { "index", FORM_U32 },
	[FWSLOT_A_DEV_NAME] = { "name", FORM_STRING },
	[FWSLOT_A_DEV_PROVIDER] = { "provider", FORM_STRING },
	[FWSLOT_A_DEV_HARDWARE_ID] = { "hardware_id", FORM_STRING },
	[FWSLOT_A_DEV_SERIAL] = { "serial", FORM_STRING },
	[FWSLOT_A_DEV_NUM_SLOTS] = { "num_slots", FORM_U32 },
	[FWSLOT_A_DEV_STATUS] = { "status", FORM_U32 },
	[FWSLOT_A_DEV_BOOT] = { "boot", FORM_NEST },
};

static const struct attribute slot_attributes[FWSLOT_A_SLOT_MAX + 1] = {
	[FWSLOT_A_SLOT_DEV_INDEX] = { "device", FORM_U32 },
	[FWSLOT_A_SLOT_INDEX] = { "index", FORM_U32 },
	[FWSLOT_A_SLOT_LABEL] = { "label", FORM_STRING },
	[FWSLOT_A_SLOT_SIZE] = { "size", FORM_U64 },
	[FWSLOT_A_SLOT_STATE] = { "state", FORM_U32 },
	[FWSLOT_A_SLOT_ACTIVE] = { "active", FORM_FLAG },
	[FWSLOT_A_SLOT_NEXT] = { "next", FORM_FLAG },
	[FWSLOT_A_SLOT_VERSION] = { "version", FORM_STRING },
	[FWSLOT_A_SLOT_IMAGE_SIZE] = { "image_size", FORM_U64 },
	[FWSLOT_A_SLOT_DIGEST] = { "digest", FORM_STRING },
};

static const struct attribute progress_attributes[FWSLOT_A_PROGRESS_MAX + 1] = {
	[FWSLOT_A_PROGRESS_DEV_INDEX] = { "device", FORM_U32 },
	[FWSLOT_A_PROGRESS_SLOT_INDEX] = { "slot", FORM_U32 },
	[FWSLOT_A_PROGRESS_STATUS] = { "status", FORM_U32 },
	[FWSLOT_A_PROGRESS_ERROR] = { "error", FORM_STRING },
	[FWSLOT_A_PROGRESS_DONE] = { "done", FORM_U64 },
	[FWSLOT_A_PROGRESS_TOTAL] = { "total", FORM_U64 },
};

static const struct message {
	const char *name;
	const struct attribute *attributes;
	int max;
} messages[FWSLOT_CMD_MAX + 1] = {
	[FWSLOT_CMD_DEV_GET] = { "device", device_attributes, FWSLOT_A_DEV_MAX },
	[FWSLOT_CMD_SLOT_GET] = { "slot", slot_attributes, FWSLOT_A_SLOT_MAX },
	[FWSLOT_CMD_DEV_ADD_NTF] = { "device-added", device_attributes, FWSLOT_A_DEV_MAX },
	[FWSLOT_CMD_DEV_DEL_NTF] = { "device-deleted", device_attributes, FWSLOT_A_DEV_MAX },
	[FWSLOT_CMD_SLOT_CHANGE_NTF] = { "slot-changed", slot_attributes, FWSLOT_A_SLOT_MAX },
	[FWSLOT_CMD_BOOT_NTF] = { "boot", device_attributes, FWSLOT_A_DEV_MAX },
	[FWSLOT_CMD_FALLBACK_NTF] = { "fallback", device_attributes, FWSLOT_A_DEV_MAX },
	[FWSLOT_CMD_PROGRESS_NTF] = { "progress", progress_attributes, FWSLOT_A_PROGRESS_MAX },
};

static bool prints_time;

static void print_boot(struct nlattr *nest);

static void print_attribute(const struct attribute *attribute, struct nlattr *value)
{
	switch (attribute->form) {
	case FORM_U32:
		printf(" %s=%u", attribute->name, nla_get_u32(value));
		break;
	case FORM_U64:
		printf(" %s=%llu", attribute->name, (unsigned long long)nla_get_u64(value));
		break;
	case FORM_STRING:
		printf(" %s='%s'", attribute->name, nla_get_string(value));
		break;
	case FORM_FLAG:
		printf(" %s", attribute->name);
		break;
	case FORM_NEST:
		print_boot(value);
		break;
	}
}

static void print_attributes(const struct attribute *attributes, int max, struct nlattr **values)
{
	for (int i = 1; i <= max; i++)
		if (values[i] && attributes[i].name)
			print_attribute(&attributes[i], values[i]);
}

static void print_boot(struct nlattr *nest)
{
	struct nlattr *values[FWSLOT_A_BOOT_MAX + 1];

	printf(" boot: {");
	if (nla_parse_nested(values, FWSLOT_A_BOOT_MAX, nest, NULL) == 0)
		print_attributes(boot_attributes, FWSLOT_A_BOOT_MAX, values);
	printf(" }");
}

static unsigned long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static int print_message(struct nl_msg *msg, void *userdata)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *values[FWSLOT_A_SLOT_MAX + 1];
	const struct message *message;

	(void)userdata;
	if (header->cmd > FWSLOT_CMD_MAX || !messages[header->cmd].name) {
		printf("unknown command=%u\n", header->cmd);
		return NL_OK;
	}
	message = &messages[header->cmd];
	if (genlmsg_parse(nlmsg_hdr(msg), 0, values, message->max, NULL) < 0) {
		printf("malformed command=%u\n", header->cmd);
		return NL_OK;
	}
	if (prints_time)
		printf("%llu ", now_ms());
	printf("%s", message->name);
	print_attributes(message->attributes, message->max, values);
	printf("\n");
	fflush(stdout);
	return NL_OK;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "fwslot-netlink: %s: %s\n", what, nl_geterror(error));
	return EXIT_FAILURE;
}

/* Sends a request with up to two numbers as attributes 1 and 2 (@first_attribute) and prints answers. */
static int ask(struct nl_sock *sock, int family, int flags, int command, int first_attribute,
	       char **numbers, int count)
{
	struct nl_msg *msg = nlmsg_alloc();
	int r;

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command,
				 FWSLOT_FAMILY_VERSION))
		return EXIT_FAILURE;
	for (int i = 0; i < count; i++)
		nla_put_u32(msg, first_attribute + i, strtoul(numbers[i], NULL, 0));
	r = nl_send_sync(sock, msg);
	return r < 0 ? fail("the request failed", r) : EXIT_SUCCESS;
}

static int watch(struct nl_sock *sock, const char *group_name, unsigned long duration_ms)
{
	int group = genl_ctrl_resolve_grp(sock, FWSLOT_FAMILY_NAME, group_name);
	struct pollfd poll_fd = { .fd = nl_socket_get_fd(sock), .events = POLLIN };
	unsigned long long end_ms = now_ms() + duration_ms;
	int r;

	if (group < 0)
		return fail(group_name, group);
	nl_socket_disable_seq_check(sock);
	r = nl_socket_add_membership(sock, group);
	if (r < 0)
		return fail(group_name, r);
	prints_time = true;
	printf("ready\n");
	fflush(stdout);
	while (now_ms() < end_ms) {
		if (poll(&poll_fd, 1, end_ms - now_ms()) < 1)
			break;
		r = nl_recvmsgs_default(sock);
		if (r < 0)
			return fail("listening failed", r);
	}
	return EXIT_SUCCESS;
}

static int run(struct nl_sock *sock, int argc, char **argv)
{
	int family = genl_ctrl_resolve(sock, FWSLOT_FAMILY_NAME);
	const char *what = argc > 1 ? argv[1] : "";

	if (family < 0)
		return fail("the family fwslot is not there", family);
	if (strcmp(what, "device") == 0 && argc <= 3)
		return ask(sock, family, 0, FWSLOT_CMD_DEV_GET, FWSLOT_A_DEV_INDEX, argv + 2,
			   argc - 2);
	if (strcmp(what, "devices") == 0 && argc == 2)
		return ask(sock, family, NLM_F_DUMP, FWSLOT_CMD_DEV_GET, 0, NULL, 0);
	if (strcmp(what, "slot") == 0 && argc <= 4)
		return ask(sock, family, 0, FWSLOT_CMD_SLOT_GET, FWSLOT_A_SLOT_DEV_INDEX, argv + 2,
			   argc - 2);
	if (strcmp(what, "slots") == 0 && argc <= 3)
		return ask(sock, family, NLM_F_DUMP, FWSLOT_CMD_SLOT_GET, FWSLOT_A_SLOT_DEV_INDEX,
			   argv + 2, argc - 2);
	if (strcmp(what, "watch") == 0 && argc == 4)
		return watch(sock, argv[2], strtoul(argv[3], NULL, 0));
	fprintf(stderr, "usage: fwslot-netlink device N | devices | slot N M | slots [N] | "
			"watch events|progress MILLISECONDS\n");
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct nl_sock *sock = nl_socket_alloc();
	int r;

	if (!sock)
		return EXIT_FAILURE;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, print_message, NULL);
	r = genl_connect(sock);
	r = r < 0 ? fail("no generic netlink", r) : run(sock, argc, argv);
	nl_socket_free(sock);
	return r;
}
