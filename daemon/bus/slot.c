// SPDX-License-Identifier: LGPL-2.1-or-later
/* org.fwslot1.Slot: one place for an image. See daemon/data/interfaces/org.fwslot1.Slot.xml. */
#include <stddef.h>
#include <string.h>

#include "bus/objects.h"

void slot_face_fill(const struct bus_slot *slot, struct slot_face *ret)
{
	const struct kernel_slot *now = &slot->owner->device->now.slots[slot->index];
	struct slot_face face = {
		.state = kernel_slot_state_to_string(now->state),
		.status = kernel_status_to_string(now->status),
		.image_size_bytes = now->image_size_bytes,
		.is_active = now->is_active,
		.is_next = now->is_next,
	};

	memcpy(face.version, now->version, sizeof(face.version));
	memcpy(face.digest, now->digest, sizeof(face.digest));
	*ret = face;
}

#define SLOT_FIELD(property, field)                               \
	{                                                         \
		property, offsetof(struct slot_face, field),      \
			sizeof(((struct slot_face *)NULL)->field) \
	}

const struct face_field slot_fields[] = {
	SLOT_FIELD("State", state),
	SLOT_FIELD("Status", status),
	SLOT_FIELD("Version", version),
	SLOT_FIELD("ImageDigest", digest),
	SLOT_FIELD("ImageSize", image_size_bytes),
	SLOT_FIELD("Active", is_active),
	SLOT_FIELD("Next", is_next),
};
const size_t slot_fields_count = ARRAY_SIZE(slot_fields);

#define CONSTANT(property, signature, field)                                         \
	SD_BUS_PROPERTY(property, signature, NULL, offsetof(struct bus_slot, field), \
			SD_BUS_VTABLE_PROPERTY_CONST)
#define CHANGING(property, signature, getter, field)                                        \
	SD_BUS_PROPERTY(property, signature, getter, offsetof(struct bus_slot, face.field), \
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable slot_vtable[] = {
	SD_BUS_VTABLE_START(0),
	CONSTANT("Index", "u", index),
	CONSTANT("Label", "s", label),
	CONSTANT("Size", "t", size_bytes),
	CHANGING("State", "s", NULL, state),
	CHANGING("Status", "s", NULL, status),
	CHANGING("Version", "s", property_get_text, version),
	CHANGING("ImageDigest", "s", property_get_text, digest),
	CHANGING("ImageSize", "t", NULL, image_size_bytes),
	CHANGING("Active", "b", NULL, is_active),
	CHANGING("Next", "b", NULL, is_next),
	SD_BUS_VTABLE_END,
};
