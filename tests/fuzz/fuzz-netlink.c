// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Messages of the kernel as daemon/kernel/netlink-decode.c would see them if the kernel were mad:
 * the first byte chooses nlctrl or the family, the rest is what stands behind the netlink header.
 *
 * covers: daemon/kernel/netlink-decode.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>

#include "kernel/netlink.h"

#define MESSAGE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct netlink_family family;
	struct netlink_event event;
	struct nlmsghdr *message;

	if (size < 1 || size > MESSAGE_MAX)
		return 0;
	/* Exactly as long as it says, so that a byte too many is noticed. */
	message = malloc(NLMSG_HDRLEN + size - 1);
	if (!message)
		return 0;
	*message = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size - 1),
		.nlmsg_type = bytes[0] & 1 ? GENL_ID_CTRL : 30,
	};
	memcpy((char *)message + NLMSG_HDRLEN, bytes + 1, size - 1);
	if (bytes[0] & 1)
		(void)!netlink_decode_family(message, &family);
	else
		(void)!netlink_decode_event(message, &event);
	free(message);
	return 0;
}
