// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of a device whose slots are MTD partitions. Its boot loader counts and goes back
 * by the boot record, so the core only mirrors; what that means is decided in standing.c.
 */
#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "image.h"
#include "mtd.h"

static int read_standing(struct fwslot_mtd_device *device,
			 struct fwslot_mtd_standing *ret_standing)
{
	struct fwslot_mtd_record record;
	int ret = fwslot_mtd_record_read(device, &record);

	if (!ret)
		*ret_standing = fwslot_mtd_judge(&record, device->spec.limit);
	return ret;
}

static enum fwslot_slot_state state_of(const struct fwslot_mtd_standing *standing, int slot)
{
	if (slot == standing->next && slot != standing->running)
		return FWSLOT_SLOT_STATE_PENDING;
	if (slot == standing->failed)
		return FWSLOT_SLOT_STATE_INVALID;
	if (slot == standing->running)
		return standing->state == FWSLOT_BOOT_STATE_TRIAL ? FWSLOT_SLOT_STATE_TRIAL :
								    FWSLOT_SLOT_STATE_CONFIRMED;
	if (slot == standing->fallback)
		return FWSLOT_SLOT_STATE_CONFIRMED;
	return FWSLOT_SLOT_STATE_UNKNOWN;
}

/* What is in a slot by itself, whatever boots. */
static int inspect_content(struct fwslot_mtd_slot *slot, struct fwslot_slot_info *ret_info)
{
	struct fwslot_mtd_head head;
	u8 bytes[FWSLOT_MTD_HEAD_SIZE];
	size_t num_read;
	int ret;

	ret = fwslot_mtd_partition_read(&slot->partition, 0, bytes, sizeof(bytes), &num_read);
	if (ret)
		return ret;
	if (num_read < sizeof(bytes))
		return -EIO;
	fwslot_mtd_head_read(bytes, &head);
	if (head.is_erased)
		ret_info->state = FWSLOT_SLOT_STATE_EMPTY;
	else if (slot->is_partial)
		ret_info->state = FWSLOT_SLOT_STATE_PARTIAL;
	else if (slot->written_bytes)
		ret_info->state = FWSLOT_SLOT_STATE_VALID;
	strscpy(ret_info->version, head.name, sizeof(ret_info->version));
	if (slot->written_bytes)
		ret_info->image_size_bytes = slot->written_bytes;
	else if (head.size_bytes <= fwslot_mtd_partition_capacity(&slot->partition))
		ret_info->image_size_bytes = head.size_bytes;
	return 0;
}

static int inspect(void *priv, unsigned int slot, struct fwslot_slot_info *ret_info)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_standing standing;
	enum fwslot_slot_state state;
	int ret = inspect_content(&device->slots[slot], ret_info);

	if (ret || !device->spec.has_boot)
		return ret;
	ret = read_standing(device, &standing);
	if (ret)
		return ret;
	state = state_of(&standing, slot);
	if (state != FWSLOT_SLOT_STATE_UNKNOWN && ret_info->state != FWSLOT_SLOT_STATE_EMPTY &&
	    ret_info->state != FWSLOT_SLOT_STATE_PARTIAL)
		ret_info->state = state;
	return 0;
}

static int read_boot(void *priv, struct fwslot_boot_info *ret_info)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_standing standing;
	int ret = read_standing(device, &standing);

	if (ret)
		return ret;
	ret_info->state = standing.state;
	ret_info->running = standing.running;
	ret_info->next = standing.next;
	ret_info->fallback = standing.fallback;
	ret_info->limit = device->spec.limit;
	ret_info->attempts = standing.attempts;
	if (standing.state == FWSLOT_BOOT_STATE_FALLBACK)
		ret_info->last_restart_reason = FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED;
	return 0;
}

static int prepare(void *priv, unsigned int slot, const void *image, size_t size_bytes)
{
	struct fwslot_mtd_device *device = priv;

	fwslot_mtd_partition_drop(&device->slots[slot].partition);
	if (size_bytes > fwslot_mtd_partition_capacity(&device->slots[slot].partition))
		return -EFBIG;
	return 0;
}

static int erase(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_slot *target = &device->slots[slot];
	int ret;

	target->is_partial = true;
	target->written_bytes = 0;
	/*
	 * The core erases what the slot could hold when it was registered; blocks may be bad since.
	 */
	if (offset >= fwslot_mtd_partition_capacity(&target->partition)) {
		*ret_erased = length;
		return 0;
	}
	ret = fwslot_mtd_partition_erase(&target->partition, offset, ret_erased);
	if (!ret && *ret_erased >= length)
		target->is_partial = false;
	return ret;
}

static int write(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
		 size_t *ret_written)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_slot *target = &device->slots[slot];
	int ret;

	target->is_partial = true;
	ret = fwslot_mtd_partition_write(&target->partition, offset, data, length, ret_written);
	if (!ret)
		target->written_bytes = offset + *ret_written;
	return ret;
}

static int program(void *priv, unsigned int slot)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_slot *target = &device->slots[slot];
	int ret = fwslot_mtd_partition_flush(&target->partition);

	if (!ret)
		target->is_partial = false;
	return ret;
}

static void abort_write(void *priv, unsigned int slot)
{
	struct fwslot_mtd_device *device = priv;

	fwslot_mtd_partition_drop(&device->slots[slot].partition);
	device->slots[slot].written_bytes = 0;
}

static int read(void *priv, unsigned int slot, u64 offset, void *data, size_t length,
		size_t *ret_read)
{
	struct fwslot_mtd_device *device = priv;

	return fwslot_mtd_partition_read(&device->slots[slot].partition, offset, data, length,
					 ret_read);
}

static int activate(void *priv, unsigned int slot, bool is_permanent)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_record record;
	int ret = fwslot_mtd_record_read(device, &record);

	if (!ret)
		ret = fwslot_mtd_choose(&record, device->spec.limit, slot, is_permanent);
	return ret ? ret : fwslot_mtd_record_write(device, &record);
}

static int confirm(void *priv)
{
	struct fwslot_mtd_device *device = priv;
	struct fwslot_mtd_record record;
	int ret = fwslot_mtd_record_read(device, &record);

	if (!ret)
		ret = fwslot_mtd_end_trial(&record, device->spec.limit);
	return ret ? ret : fwslot_mtd_record_write(device, &record);
}

static const struct fwslot_ops storage_ops = {
	.inspect = inspect,
	.prepare = prepare,
	.erase = erase,
	.write = write,
	.program = program,
	.abort = abort_write,
	.read = read,
};

static const struct fwslot_ops booting_ops = {
	.inspect = inspect,
	.read_boot = read_boot,
	.prepare = prepare,
	.erase = erase,
	.write = write,
	.program = program,
	.abort = abort_write,
	.read = read,
	.activate = activate,
	.confirm = confirm,
};

/* --- coming and going --- */

static void close_all(struct fwslot_mtd_device *device)
{
	unsigned int i;

	for (i = 0; i < device->spec.num_slots; i++) {
		fwslot_mtd_partition_close(&device->slots[i].partition);
		device->slots[i] = (struct fwslot_mtd_slot){ };
	}
	fwslot_mtd_partition_close(&device->boot);
}

static int open_all(struct fwslot_mtd_device *device)
{
	const struct fwslot_mtd_spec *spec = &device->spec;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < spec->num_slots; i++)
		ret = fwslot_mtd_partition_open(&device->slots[i].partition, spec->slots[i]);
	if (!ret && spec->has_boot && !spec->is_nvmem)
		ret = fwslot_mtd_partition_open(&device->boot, spec->boot);
	return ret;
}

static int note_start(struct fwslot_mtd_device *device)
{
	struct fwslot_mtd_record record;
	int ret = fwslot_mtd_record_read(device, &record);

	if (ret || !fwslot_mtd_note_start(&record, device->spec.limit))
		return ret;
	return fwslot_mtd_record_write(device, &record);
}

static int register_device(struct fwslot_mtd_device *device, struct device *parent)
{
	const struct fwslot_mtd_spec *spec = &device->spec;
	struct fwslot_slot_desc slots[FWSLOT_MTD_SLOTS_MAX] = { };
	struct fwslot_desc desc = {
		.name = spec->name,
		.provider = "mtd",
		.hardware_id = spec->id,
		.serial = spec->serial[0] ? spec->serial : spec->slots[0],
		.num_slots = spec->num_slots,
		.slots = slots,
		.flags = FWSLOT_PROGRAMS_FIRST | (spec->has_boot ? FWSLOT_ASSESSES_ITSELF : 0),
	};
	unsigned int i;
	int ret;

	for (i = 0; i < spec->num_slots; i++) {
		slots[i].label = spec->slots[i];
		slots[i].size_bytes = fwslot_mtd_partition_capacity(&device->slots[i].partition);
	}
	device->fdev = fwslot_alloc(parent, &desc, spec->has_boot ? &booting_ops : &storage_ops,
				    device);
	if (IS_ERR(device->fdev)) {
		ret = PTR_ERR(device->fdev);
		device->fdev = NULL;
		return ret;
	}
	ret = fwslot_register(device->fdev);
	if (ret) {
		fwslot_free(device->fdev);
		device->fdev = NULL;
	}
	return ret;
}

void fwslot_mtd_device_note(struct fwslot_mtd_device *device, const char *name, bool is_there)
{
	const struct fwslot_mtd_spec *spec = &device->spec;
	unsigned int i;

	for (i = 0; i < spec->num_slots; i++)
		if (!strcmp(spec->slots[i], name))
			assign_bit(i, &device->removed, !is_there);
	if (spec->has_boot && !spec->is_nvmem && !strcmp(spec->boot, name))
		assign_bit(FWSLOT_MTD_BOOT_BIT, &device->removed, !is_there);
}

int fwslot_mtd_device_show(struct fwslot_mtd_device *device, struct device *parent)
{
	int ret = READ_ONCE(device->removed) ? -ENODEV : open_all(device);

	if (!ret && device->spec.has_boot)
		ret = note_start(device);
	if (!ret)
		ret = register_device(device, parent);
	if (ret)
		close_all(device);
	return ret;
}

void fwslot_mtd_device_hide(struct fwslot_mtd_device *device)
{
	if (!device->fdev)
		return;
	fwslot_unregister(device->fdev);
	device->fdev = NULL;
	close_all(device);
}

bool fwslot_mtd_device_is_whole(const struct fwslot_mtd_device *device)
{
	unsigned int i;

	if (READ_ONCE(device->removed))
		return false;
	for (i = 0; i < device->spec.num_slots; i++)
		if (!fwslot_mtd_partition_is_there(&device->slots[i].partition))
			return false;
	return !device->boot.name || fwslot_mtd_partition_is_there(&device->boot);
}
