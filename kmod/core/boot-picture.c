// SPDX-License-Identifier: GPL-2.0
/*
 * One change of the boot record can change how several slots look. A picture taken before tells
 * which of them userspace must hear about.
 */
#include "core.h"
#include "notify.h"

/* fdev->lock is held. */
void fwslot_picture_take(struct fwslot_device *fdev, struct fwslot_picture *ret)
{
	unsigned int i;

	lockdep_assert_held(&fdev->lock);
	for (i = 0; i < fdev->num_slots; i++)
		ret->state[i] = fwslot_slot_state(fdev->slots[i]);
	ret->running = fdev->boot.running;
	ret->next = fdev->boot.next;
}

static bool differs(const struct fwslot_picture *a, const struct fwslot_picture *b, int slot)
{
	return a->state[slot] != b->state[slot] ||
	       (a->running == slot) != (b->running == slot) ||
	       (a->next == slot) != (b->next == slot);
}

/* @also: a bit for each slot about which something else changed. */
void fwslot_picture_notify(struct fwslot_device *fdev, const struct fwslot_picture *before,
			   u32 also)
{
	struct fwslot_picture now;
	unsigned int i;

	mutex_lock(&fdev->lock);
	fwslot_picture_take(fdev, &now);
	mutex_unlock(&fdev->lock);

	for (i = 0; i < fdev->num_slots; i++)
		if ((also & BIT(i)) || differs(before, &now, i))
			fwslot_notify_slot(fdev->slots[i]);
}
