// SPDX-License-Identifier: GPL-2.0
/*
 * The boot record: a boot counter in one of U-Boot's forms, and the choice of a slot behind it, on
 * an MTD partition or on an nvmem device.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/nvmem-consumer.h>
#include <linux/string.h>

#include "mtd.h"

static int match_name(struct device *dev, const void *name)
{
	return !strcmp(dev_name(dev), name);
}

static int access_nvmem(const struct fwslot_mtd_spec *spec, u8 *bytes, unsigned int offset,
			unsigned int length, bool is_write)
{
	struct nvmem_device *nvmem = nvmem_device_find((void *)spec->boot, match_name);
	int ret;

	if (IS_ERR(nvmem))
		return -ENODEV;
	if (is_write)
		ret = nvmem_device_write(nvmem, spec->boot_offset + offset, length, bytes + offset);
	else
		ret = nvmem_device_read(nvmem, spec->boot_offset + offset, length, bytes + offset);
	nvmem_device_put(nvmem);
	if (ret < 0)
		return ret;
	return ret == (int)length ? 0 : -EIO;
}

/*
 * Power may fail between the counter and the choice. Before a trial it is the counter that comes
 * first, so that U-Boot never tries what it does not count; after it the choice, so that nothing is
 * on trial that is not counted.
 */
static int write_nvmem(const struct fwslot_mtd_spec *spec, u8 *bytes, bool is_trial)
{
	unsigned int first = is_trial ? 0 : FWSLOT_CHOICE_OFFSET;
	unsigned int second = is_trial ? FWSLOT_CHOICE_OFFSET : 0;
	int ret = access_nvmem(spec, bytes, first, FWSLOT_CHOICE_SIZE, true);

	return ret ? ret : access_nvmem(spec, bytes, second, FWSLOT_CHOICE_SIZE, true);
}

static int read_bytes(struct fwslot_mtd_device *device, u8 *bytes)
{
	size_t num_read;
	int ret;

	if (device->spec.is_nvmem)
		return access_nvmem(&device->spec, bytes, 0, FWSLOT_RECORD_SIZE, false);
	ret = fwslot_mtd_partition_read(&device->boot, device->spec.boot_offset, bytes,
					FWSLOT_RECORD_SIZE, &num_read);
	if (ret)
		return ret;
	return num_read == FWSLOT_RECORD_SIZE ? 0 : -EFBIG;
}

int fwslot_mtd_record_read(struct fwslot_mtd_device *device, struct fwslot_mtd_record *ret_record)
{
	const struct fwslot_mtd_spec *spec = &device->spec;
	u8 bytes[FWSLOT_RECORD_SIZE];
	int ret = read_bytes(device, bytes);

	if (ret)
		return ret;
	/* A record that was never written is one of slot 0, confirmed, and 0 boots. */
	fwslot_bootcount_decode(spec->form, spec->is_big_endian, bytes, &ret_record->bootcount);
	fwslot_choice_decode(bytes + FWSLOT_CHOICE_OFFSET, spec->num_slots, &ret_record->choice);
	return 0;
}

int fwslot_mtd_record_write(struct fwslot_mtd_device *device,
			    const struct fwslot_mtd_record *record)
{
	const struct fwslot_mtd_spec *spec = &device->spec;
	u8 bytes[FWSLOT_RECORD_SIZE];
	int ret = read_bytes(device, bytes);

	if (ret)
		return ret;
	fwslot_bootcount_encode(spec->form, spec->is_big_endian, &record->bootcount, bytes);
	fwslot_choice_encode(&record->choice, bytes + FWSLOT_CHOICE_OFFSET);
	if (spec->is_nvmem)
		return write_nvmem(spec, bytes, record->choice.is_trial);
	return fwslot_mtd_partition_replace(&device->boot, spec->boot_offset, bytes, sizeof(bytes));
}
