// SPDX-License-Identifier: GPL-2.0
/*
 * The shape of messages from a process: one row for each type, one function for each body.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif
#endif

#include "message.h"

#define SLOT_SIZE	sizeof(struct fwslot_user_slot)
#define CONTENT_SIZE	sizeof(struct fwslot_user_content)
#define SLOTS_MAX	FWSLOT_USER_SLOTS_MAX
#define BOOT_LIMIT_MAX	255

static const struct message_shape {
	__u16 type;
	bool has_id;
	size_t min;
	size_t max;
} shapes[] = {
	{ FWSLOT_USER_CREATE, false, sizeof(struct fwslot_user_create) + SLOT_SIZE,
	  sizeof(struct fwslot_user_create) + SLOTS_MAX * SLOT_SIZE },
	{ FWSLOT_USER_DESTROY, false, 0, 0 },
	{ FWSLOT_USER_STATE, false, sizeof(struct fwslot_user_boot) + CONTENT_SIZE,
	  sizeof(struct fwslot_user_boot) + SLOTS_MAX * CONTENT_SIZE },
	{ FWSLOT_USER_BOOTED, false, sizeof(struct fwslot_user_booted),
	  sizeof(struct fwslot_user_booted) },
	{ FWSLOT_USER_ANSWER, true, 0, FWSLOT_USER_BODY_MAX },
	{ FWSLOT_USER_WORKING, true, 0, 0 },
};

int fwslot_user_check_header(const struct fwslot_user_header *header, size_t count)
{
	const struct message_shape *shape = NULL;
	unsigned int i;

	if (header->version != FWSLOT_USER_VERSION)
		return -EPROTONOSUPPORT;
	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].type == header->type)
			shape = &shapes[i];
	if (!shape)
		return -EOPNOTSUPP;
	if (count < sizeof(*header) || header->length != count - sizeof(*header) ||
	    header->length < shape->min || header->length > shape->max)
		return -EMSGSIZE;
	if (shape->has_id != !!header->id)
		return -EINVAL;
	/* A result is 0 or an errno; only answers have one, and only good answers a body. */
	if (header->result > 0 || header->result < -4095 ||
	    (header->result && (header->type != FWSLOT_USER_ANSWER || header->length)))
		return -EINVAL;
	return 0;
}

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

static bool is_slot_or_none(__s32 slot, __u32 num_slots)
{
	return slot == -1 || (slot >= 0 && (__u32)slot < num_slots);
}

static bool is_boot(const struct fwslot_user_boot *boot, __u32 num_slots)
{
	return boot->state <= FWSLOT_BOOT_STATE_MAX &&
	       is_slot_or_none(boot->running_slot, num_slots) &&
	       is_slot_or_none(boot->next_slot, num_slots) &&
	       is_slot_or_none(boot->fallback_slot, num_slots) &&
	       boot->limit >= 1 && boot->limit <= BOOT_LIMIT_MAX && boot->attempts <= boot->limit &&
	       boot->last_restart_reason <= FWSLOT_RESTART_REASON_MAX && !boot->reserved;
}

static bool is_content(const struct fwslot_user_content *content, __u32 abilities)
{
	__u32 state_max = abilities & FWSLOT_USER_ASSESSES_ITSELF ? FWSLOT_SLOT_STATE_MAX :
								    FWSLOT_SLOT_STATE_INVALID;

	return content->state <= state_max && !(content->flags & ~FWSLOT_USER_HAS_DIGEST) &&
	       is_text(content->version, sizeof(content->version));
}

static bool is_slot(const struct fwslot_user_slot *slot, __u32 abilities)
{
	return is_text(slot->label, sizeof(slot->label)) && slot->label[0] && slot->size &&
	       !(slot->flags & ~FWSLOT_USER_READ_ONLY) && !slot->reserved &&
	       slot->content.image_size <= slot->size && is_content(&slot->content, abilities);
}

static bool are_abilities(__u32 abilities)
{
	const __u32 known = FWSLOT_USER_CAN_WRITE | FWSLOT_USER_CAN_INSPECT |
			    FWSLOT_USER_CAN_ERASE | FWSLOT_USER_CAN_PROGRAM |
			    FWSLOT_USER_CAN_READ | FWSLOT_USER_CAN_BOOT |
			    FWSLOT_USER_CAN_ACTIVATE | FWSLOT_USER_CAN_CONFIRM |
			    FWSLOT_USER_CAN_RESTART | FWSLOT_USER_ASSESSES_ITSELF |
			    FWSLOT_USER_READS_IN_SEQUENCE | FWSLOT_USER_PROGRAMS_FIRST;
	const __u32 of_writing = FWSLOT_USER_CAN_INSPECT | FWSLOT_USER_CAN_PROGRAM |
				 FWSLOT_USER_PROGRAMS_FIRST;
	const __u32 of_booting = FWSLOT_USER_CAN_CONFIRM | FWSLOT_USER_ASSESSES_ITSELF;

	return !(abilities & ~known) &&
	       (abilities & FWSLOT_USER_CAN_WRITE || !(abilities & of_writing)) &&
	       !(abilities & FWSLOT_USER_CAN_BOOT) == !(abilities & FWSLOT_USER_CAN_ACTIVATE) &&
	       (abilities & FWSLOT_USER_CAN_BOOT || !(abilities & of_booting)) &&
	       (abilities & FWSLOT_USER_CAN_CONFIRM ||
		!(abilities & FWSLOT_USER_ASSESSES_ITSELF)) &&
	       (abilities & FWSLOT_USER_CAN_READ || !(abilities & FWSLOT_USER_READS_IN_SEQUENCE));
}

int fwslot_user_check_create(const struct fwslot_user_create *create, size_t length)
{
	const struct fwslot_user_slot *slots = fwslot_user_create_slots(create);
	__u32 i;

	if (create->num_slots < 1 || create->num_slots > SLOTS_MAX)
		return -EINVAL;
	if (length != sizeof(*create) + create->num_slots * SLOT_SIZE)
		return -EMSGSIZE;
	if (create->transfer_size && (create->transfer_size < FWSLOT_USER_TRANSFER_MIN ||
				      create->transfer_size > FWSLOT_USER_TRANSFER_MAX))
		return -EINVAL;
	if (create->reserved || create->reserved2 || !are_abilities(create->abilities) ||
	    !is_text(create->name, sizeof(create->name)) || !create->name[0] ||
	    !is_text(create->hardware_id, sizeof(create->hardware_id)) || !create->hardware_id[0] ||
	    !is_text(create->serial, sizeof(create->serial)))
		return -EINVAL;
	if (create->abilities & FWSLOT_USER_CAN_BOOT && !is_boot(&create->boot, create->num_slots))
		return -EINVAL;
	for (i = 0; i < create->num_slots; i++)
		if (!is_slot(&slots[i], create->abilities))
			return -EINVAL;
	return 0;
}

int fwslot_user_check_state(const struct fwslot_user_boot *boot, size_t length, __u32 abilities,
			    __u32 num_slots)
{
	const struct fwslot_user_content *contents = fwslot_user_state_contents(boot);
	__u32 i;

	if (length != sizeof(*boot) + num_slots * CONTENT_SIZE)
		return -EMSGSIZE;
	if (abilities & FWSLOT_USER_CAN_BOOT && !is_boot(boot, num_slots))
		return -EINVAL;
	for (i = 0; i < num_slots; i++)
		if (!is_content(&contents[i], abilities))
			return -EINVAL;
	return 0;
}

int fwslot_user_check_booted(const struct fwslot_user_booted *booted, __u32 num_slots)
{
	if (!is_slot_or_none(booted->slot, num_slots) ||
	    booted->reason > FWSLOT_RESTART_REASON_MAX)
		return -EINVAL;
	return 0;
}
