/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process may write to /dev/fwslot: the module's checks, compiled here. What they accept
 * must be safe to use, which is checked by using it as the module does.
 *
 * covers: kmod/user/message.c
 */
#include <stdint.h>
#include <stdlib.h>

#include "kmod/user/message.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(bool is_true)
{
	if (!is_true)
		abort();
}

static void use_create(const struct fwslot_user_create *create, size_t length)
{
	const struct fwslot_user_slot *slots = fwslot_user_create_slots(create);

	check(create->num_slots <= FWSLOT_USER_SLOTS_MAX);
	check((const uint8_t *)(slots + create->num_slots) == (const uint8_t *)create + length);
	check(strlen(create->name) < sizeof(create->name));
	check(strlen(create->hardware_id) < sizeof(create->hardware_id));
	check(strlen(create->serial) < sizeof(create->serial));
	for (__u32 i = 0; i < create->num_slots; i++)
		check(strlen(slots[i].label) < sizeof(slots[i].label) &&
		      strlen(slots[i].content.version) < FWSLOT_USER_VERSION_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct fwslot_user_header *header;
	void *copy, *body;

	if (size < sizeof(*header))
		return 0;
	copy = aligned_alloc(16, (size + 15) / 16 * 16);
	memcpy(copy, bytes, size);
	header = copy;
	body = (uint8_t *)copy + sizeof(*header);
	if (fwslot_user_check_header(header, size) == 0) {
		check(header->length == size - sizeof(*header));
		if (header->type == FWSLOT_USER_CREATE &&
		    fwslot_user_check_create(body, header->length) == 0)
			use_create(body, header->length);
		if (header->type == FWSLOT_USER_STATE)
			for (__u32 slots = 1; slots <= FWSLOT_USER_SLOTS_MAX; slots++)
				(void)!fwslot_user_check_state(body, header->length, ~0U, slots);
		if (header->type == FWSLOT_USER_BOOTED)
			(void)!fwslot_user_check_booted(body, 4);
	}
	free(copy);
	return 0;
}
