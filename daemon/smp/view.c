/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Boot state, from the flags of the image that is active (Zephyr's img_mgmt, MCUboot's
 * boot_serial):
 *
 * | active image        | memory                | boot/state | attempts | fallback slot    |
 * | none                | any                   | unknown    | 0        | none             |
 * | not confirmed       | any                   | trial      | 1 of 1   | the other image  |
 * | confirmed           | another image failed  | fallback   | 0        | none             |
 * | confirmed           | nothing failed        | confirmed  | 0        | none             |
 *
 * Slot state, the first row that fits:
 *
 * | image in the slot                                        | state     |
 * | none listed, an upload was begun                          | partial   |
 * | none listed                                               | empty     |
 * | pending                                                   | pending   |
 * | active, not confirmed                                     | trial     |
 * | confirmed                                                 | confirmed |
 * | active (and neither, which only odd devices say)          | valid     |
 * | not bootable, or it failed its trial                      | invalid   |
 * | any other                                                 | valid     |
 */
#include "smp/view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void smp_layout_make(const struct smp_slot_list *slots, unsigned image, struct smp_layout *ret)
{
	*ret = (struct smp_layout){ .image = image, .num_slots = slots ? 0 : SMP_VIEW_SLOTS_MAX };
	for (unsigned i = 0; i < SMP_VIEW_SLOTS_MAX; i++) {
		ret->slots[i].size_bytes = SMP_SLOT_SIZE_UNKNOWN;
		ret->slots[i].image_size_max = SMP_SLOT_SIZE_UNKNOWN;
		ret->slots[i].upload_image = image > 0 ? (int)image : -1;
		ret->slots[i].is_writable = true;
	}
	for (size_t i = 0; slots && i < slots->count; i++) {
		const struct smp_slot_size *told = &slots->slots[i];

		if (told->image != image || told->slot >= SMP_VIEW_SLOTS_MAX)
			continue;
		if (told->slot + 1 > ret->num_slots)
			ret->num_slots = told->slot + 1;
		ret->slots[told->slot].is_upload_told = true;
		ret->slots[told->slot].is_writable = told->upload_image >= 0;
		ret->slots[told->slot].upload_image = told->upload_image;
		if (told->size_bytes == 0)
			continue;
		ret->slots[told->slot].is_size_known = true;
		ret->slots[told->slot].size_bytes = told->size_bytes;
		ret->slots[told->slot].image_size_max =
			told->image_size_max > 0 && told->image_size_max < told->size_bytes ?
				told->image_size_max :
				told->size_bytes;
	}
	if (ret->num_slots == 0) /* it knows of other images only: take it as if it had not said */
		ret->num_slots = SMP_VIEW_SLOTS_MAX;
}

static enum fwslot_slot_state slot_state(const struct smp_image_state *image, unsigned slot,
					 const struct smp_memory *memory)
{
	if (!image)
		return memory->partial_slot == (int)slot ? FWSLOT_SLOT_STATE_PARTIAL :
							   FWSLOT_SLOT_STATE_EMPTY;
	if (image->is_pending)
		return FWSLOT_SLOT_STATE_PENDING;
	if (image->is_active && !image->is_confirmed)
		return FWSLOT_SLOT_STATE_TRIAL;
	if (image->is_confirmed)
		return FWSLOT_SLOT_STATE_CONFIRMED;
	if (image->has_flags && !image->is_bootable)
		return FWSLOT_SLOT_STATE_INVALID;
	if (smp_hash_equals(&memory->failed, image))
		return FWSLOT_SLOT_STATE_INVALID;
	return FWSLOT_SLOT_STATE_VALID;
}

static void fill_content(const struct smp_image_state *image, unsigned slot, uint64_t size_max,
			 const struct smp_memory *memory, struct fwslot_user_content *ret)
{
	const struct smp_file *file;

	*ret = (struct fwslot_user_content){ .state = slot_state(image, slot, memory) };
	if (!image)
		return;
	snprintf(ret->version, sizeof(ret->version), "%s", image->version);
	file = smp_memory_find(memory, image);
	if (!file || file->size_bytes > size_max)
		return;
	ret->image_size = file->size_bytes;
	ret->flags = FWSLOT_USER_HAS_DIGEST;
	memcpy(ret->digest, file->digest, sizeof(ret->digest));
}

static void fill_boot(const struct smp_image_state *const *images, unsigned num_slots,
		      const struct smp_memory *memory, struct fwslot_user_boot *boot)
{
	int running = -1;

	for (unsigned i = 0; i < num_slots; i++)
		if (images[i] && images[i]->is_active)
			running = (int)i;
	if (running < 0)
		return;
	boot->running_slot = running;
	boot->next_slot = running;
	boot->state = memory->failed.size > 0 ? FWSLOT_BOOT_STATE_FALLBACK :
						FWSLOT_BOOT_STATE_CONFIRMED;
	for (unsigned i = 0; i < num_slots; i++) {
		if (images[i] && images[i]->is_pending)
			boot->next_slot = (int)i;
		if (!images[running]->is_confirmed && images[i] && (int)i != running)
			boot->fallback_slot = (int)i;
	}
	if (!images[running]->is_confirmed) {
		boot->state = FWSLOT_BOOT_STATE_TRIAL;
		boot->attempts = SMP_TRIAL_LIMIT;
	}
}

void smp_view_make(const struct smp_layout *layout, const struct smp_image_list *images,
		   const struct smp_memory *memory, enum fwslot_restart_reason reason,
		   struct smp_view *ret)
{
	const struct smp_image_state *found[SMP_VIEW_SLOTS_MAX] = { NULL };

	*ret = (struct smp_view){ .boot = { .state = FWSLOT_BOOT_STATE_UNKNOWN,
					    .running_slot = -1,
					    .next_slot = -1,
					    .fallback_slot = -1,
					    .limit = SMP_TRIAL_LIMIT,
					    .last_restart_reason = reason } };
	for (unsigned i = 0; i < layout->num_slots; i++) {
		found[i] = smp_image_find(images, layout->image, i);
		fill_content(found[i], i, layout->slots[i].size_bytes, memory, &ret->contents[i]);
	}
	fill_boot(found, layout->num_slots, memory, &ret->boot);
	ret->is_recovery = ret->boot.running_slot < 0;
}

int smp_view_running(const struct smp_view *view)
{
	return view->boot.running_slot;
}

int smp_view_check_writable(const struct smp_layout *layout, const struct smp_view *view,
			    unsigned slot)
{
	if (slot >= layout->num_slots || !layout->slots[slot].is_writable)
		return -EROFS;
	if ((int)slot == view->boot.running_slot)
		return -ETXTBSY;
	/* In recovery, uploads go to the primary slot unless the device said otherwise. */
	if (view->is_recovery && !layout->slots[slot].is_upload_told && slot != 0)
		return -EROFS;
	if (view->contents[slot].state == FWSLOT_SLOT_STATE_PENDING ||
	    (int)slot == view->boot.fallback_slot)
		return -EBUSY;
	return 0;
}
