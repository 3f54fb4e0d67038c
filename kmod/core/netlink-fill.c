// SPDX-License-Identifier: GPL-2.0
/*
 * From the objects to netlink attributes, as Documentation/netlink/specs/fwslot.yaml has them.
 */
#include <net/netlink.h>

#include "core.h"
#include "netlink-fill.h"

static int put_slot_number(struct sk_buff *skb, int attribute, int slot)
{
	return slot == FWSLOT_NO_SLOT ? 0 : nla_put_u32(skb, attribute, slot);
}

static int fill_boot(struct sk_buff *skb, const struct fwslot_boot *boot)
{
	struct nlattr *nest = nla_nest_start(skb, FWSLOT_A_DEV_BOOT);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, FWSLOT_A_BOOT_TOTAL, boot->total, FWSLOT_A_BOOT_PAD) ||
	    nla_put_u32(skb, FWSLOT_A_BOOT_STATE, boot->state) ||
	    put_slot_number(skb, FWSLOT_A_BOOT_RUNNING, boot->running) ||
	    put_slot_number(skb, FWSLOT_A_BOOT_NEXT, boot->next) ||
	    put_slot_number(skb, FWSLOT_A_BOOT_FALLBACK, boot->fallback) ||
	    nla_put_u32(skb, FWSLOT_A_BOOT_LIMIT, boot->limit) ||
	    nla_put_u32(skb, FWSLOT_A_BOOT_ATTEMPTS, boot->attempts) ||
	    nla_put_u32(skb, FWSLOT_A_BOOT_ATTEMPTS_LEFT, fwslot_boot_attempts_left(boot)) ||
	    nla_put_u32(skb, FWSLOT_A_BOOT_LAST_RESTART_REASON, boot->last_restart_reason))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_device(struct sk_buff *skb, struct fwslot_device *fdev)
{
	if (nla_put_u32(skb, FWSLOT_A_DEV_INDEX, fdev->index) ||
	    nla_put_string(skb, FWSLOT_A_DEV_NAME, fdev->name) ||
	    nla_put_string(skb, FWSLOT_A_DEV_PROVIDER, fdev->provider) ||
	    nla_put_string(skb, FWSLOT_A_DEV_HARDWARE_ID, fdev->hardware_id) ||
	    (fdev->serial && nla_put_string(skb, FWSLOT_A_DEV_SERIAL, fdev->serial)) ||
	    nla_put_u32(skb, FWSLOT_A_DEV_NUM_SLOTS, fdev->num_slots) ||
	    nla_put_u32(skb, FWSLOT_A_DEV_STATUS, fdev->status))
		return -EMSGSIZE;
	return fwslot_has_boot_control(fdev) ? fill_boot(skb, &fdev->boot) : 0;
}

int fwslot_fill_device(struct sk_buff *skb, struct fwslot_device *fdev)
{
	int ret;

	mutex_lock(&fdev->lock);
	ret = fill_device(skb, fdev);
	mutex_unlock(&fdev->lock);
	return ret;
}

static int fill_image(struct sk_buff *skb, const struct fwslot_slot *slot)
{
	char digest[FWSLOT_DIGEST_TEXT_SIZE];

	if (slot->version[0] && nla_put_string(skb, FWSLOT_A_SLOT_VERSION, slot->version))
		return -EMSGSIZE;
	if (slot->image_size_bytes &&
	    nla_put_u64_64bit(skb, FWSLOT_A_SLOT_IMAGE_SIZE, slot->image_size_bytes,
			      FWSLOT_A_SLOT_PAD))
		return -EMSGSIZE;
	if (!slot->has_digest)
		return 0;
	fwslot_slot_digest_text(slot, digest);
	return nla_put_string(skb, FWSLOT_A_SLOT_DIGEST, digest);
}

static int fill_slot(struct sk_buff *skb, const struct fwslot_slot *slot)
{
	const struct fwslot_boot *boot = &slot->fdev->boot;

	if (nla_put_u32(skb, FWSLOT_A_SLOT_DEV_INDEX, slot->fdev->index) ||
	    nla_put_u32(skb, FWSLOT_A_SLOT_INDEX, slot->index) ||
	    nla_put_string(skb, FWSLOT_A_SLOT_LABEL, slot->label) ||
	    nla_put_u64_64bit(skb, FWSLOT_A_SLOT_SIZE, slot->size_bytes, FWSLOT_A_SLOT_PAD) ||
	    nla_put_u32(skb, FWSLOT_A_SLOT_STATE, fwslot_slot_state(slot)) ||
	    (boot->running == slot->index && nla_put_flag(skb, FWSLOT_A_SLOT_ACTIVE)) ||
	    (boot->next == slot->index && nla_put_flag(skb, FWSLOT_A_SLOT_NEXT)))
		return -EMSGSIZE;
	return fill_image(skb, slot);
}

int fwslot_fill_slot(struct sk_buff *skb, struct fwslot_slot *slot)
{
	int ret;

	mutex_lock(&slot->fdev->lock);
	ret = fill_slot(skb, slot);
	mutex_unlock(&slot->fdev->lock);
	return ret;
}

static int fill_progress(struct sk_buff *skb, const struct fwslot_slot *slot)
{
	const struct fwslot_device *fdev = slot->fdev;
	char error[FWSLOT_ERROR_TEXT_SIZE];

	if (nla_put_u32(skb, FWSLOT_A_PROGRESS_DEV_INDEX, fdev->index) ||
	    nla_put_u32(skb, FWSLOT_A_PROGRESS_SLOT_INDEX, slot->index) ||
	    nla_put_u32(skb, FWSLOT_A_PROGRESS_STATUS, fdev->status) ||
	    nla_put_u64_64bit(skb, FWSLOT_A_PROGRESS_DONE, fdev->done_bytes,
			      FWSLOT_A_PROGRESS_PAD) ||
	    nla_put_u64_64bit(skb, FWSLOT_A_PROGRESS_TOTAL, fdev->total_bytes,
			      FWSLOT_A_PROGRESS_PAD))
		return -EMSGSIZE;
	fwslot_slot_error_text(slot, error);
	return error[0] ? nla_put_string(skb, FWSLOT_A_PROGRESS_ERROR, error) : 0;
}

int fwslot_fill_progress(struct sk_buff *skb, struct fwslot_slot *slot)
{
	int ret;

	mutex_lock(&slot->fdev->lock);
	ret = fill_progress(skb, slot);
	mutex_unlock(&slot->fdev->lock);
	return ret;
}
