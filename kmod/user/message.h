/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process may say to /dev/fwslot: the shape of every message is checked here, before
 * anything believes a field. Pure: no locks, no memory, no kernel headers but types; also compiled
 * into a unit test and a fuzzer.
 */
#ifndef _FWSLOT_USER_MESSAGE_H
#define _FWSLOT_USER_MESSAGE_H

#include <linux/types.h>

#include "../include/uapi/fwslot_user.h"

/* The longest body of any message: an answer with bytes read back. */
#define FWSLOT_USER_BODY_MAX	FWSLOT_USER_TRANSFER_MAX

/**
 * fwslot_user_check_header() - version, type and length of a message from a process
 * @header: its header
 * @count: bytes that were written, with the header
 *
 * Return: 0, or -EPROTONOSUPPORT another version, -EOPNOTSUPP no such type, -EMSGSIZE the length is
 * not that of the bytes written or impossible for the type, -EINVAL a field that must be 0 is not.
 */
int fwslot_user_check_header(const struct fwslot_user_header *header, size_t count);

/**
 * fwslot_user_check_create() - body of CREATE
 * @create: body, at least of this structure's size
 * @length: of the body
 *
 * Return: 0, -EMSGSIZE, or -EINVAL.
 */
int fwslot_user_check_create(const struct fwslot_user_create *create, size_t length);

/**
 * fwslot_user_check_state() - body of STATE
 * @boot: body: this and the contents of each slot
 * @length: of the body
 * @abilities: of the device
 * @num_slots: of the device
 *
 * Return: 0, -EMSGSIZE, or -EINVAL.
 */
int fwslot_user_check_state(const struct fwslot_user_boot *boot, size_t length, __u32 abilities,
			    __u32 num_slots);

/**
 * fwslot_user_check_booted() - body of BOOTED
 * @booted: body
 * @num_slots: of the device
 *
 * Return: 0 or -EINVAL.
 */
int fwslot_user_check_booted(const struct fwslot_user_booted *booted, __u32 num_slots);

/* The slots that follow a CREATE, the contents that follow a STATE. */
static inline const struct fwslot_user_slot *
fwslot_user_create_slots(const struct fwslot_user_create *create)
{
	return (const struct fwslot_user_slot *)(create + 1);
}

static inline const struct fwslot_user_content *
fwslot_user_state_contents(const struct fwslot_user_boot *boot)
{
	return (const struct fwslot_user_content *)(boot + 1);
}

#endif /* _FWSLOT_USER_MESSAGE_H */
