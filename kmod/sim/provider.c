// SPDX-License-Identifier: GPL-2.0
/*
 * The simulated device as a provider: the operations that the core calls. Each first asks the
 * faults whether it works at all.
 */
#include <linux/errno.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "sim.h"

/* How long a restart takes. */
#define RESET_MS 20

/* Begins an operation: sim->lock is held on success. */
static int begin(struct sim_device *sim, enum sim_op op)
{
	int ret = 0;

	mutex_lock(&sim->lock);
	if (sim->faults.vanish_at_op && !--sim->faults.vanish_at_op) {
		sim->is_plugged = false;
		queue_work(sim_workqueue, &sim->vanish_work);
	}
	if (!sim->is_plugged) {
		ret = -ENODEV;
	} else if (sim->faults.refusal[op]) {
		ret = sim->faults.refusal[op];
		sim->faults.refusal[op] = 0;
	}
	if (ret)
		mutex_unlock(&sim->lock);
	return ret;
}

static void end(struct sim_device *sim)
{
	mutex_unlock(&sim->lock);
}

/* Flash takes its time; not under the lock, for the firmware in the other slot runs on. */
static int take_time(struct sim_device *sim, u64 num_bytes)
{
	u64 pages = DIV_ROUND_UP_ULL(num_bytes, SIM_PAGE_BYTES);

	return fwslot_sleep(sim->fdev, pages * READ_ONCE(sim->faults.flash_delay_us_per_page));
}

static int sim_inspect(void *priv, unsigned int slot, struct fwslot_slot_info *ret_info)
{
	struct sim_device *sim = priv;
	struct sim_image image;

	mutex_lock(&sim->lock);
	if (sim_flash_is_erased(sim, slot)) {
		ret_info->state = FWSLOT_SLOT_STATE_EMPTY;
	} else if (sim_read_image(sim, slot, &image)) {
		ret_info->state = FWSLOT_SLOT_STATE_INVALID;
	} else {
		ret_info->state = FWSLOT_SLOT_STATE_VALID;
		ret_info->image_size_bytes = SIM_IMAGE_HEADER_BYTES + image.payload_bytes;
		strscpy(ret_info->version, image.version, sizeof(ret_info->version));
		if (image.behaviour == SIM_BEHAVIOUR_WRONG_VERSION &&
		    (int)slot == sim->running_slot)
			strscpy(ret_info->version, SIM_IMAGE_WRONG_VERSION,
				sizeof(ret_info->version));
	}
	mutex_unlock(&sim->lock);
	return 0;
}

static int sim_read_boot(void *priv, struct fwslot_boot_info *ret_info)
{
	struct sim_device *sim = priv;

	mutex_lock(&sim->lock);
	ret_info->total = sim->total_boots;
	ret_info->state = sim->remembers ? FWSLOT_BOOT_STATE_CONFIRMED : FWSLOT_BOOT_STATE_UNKNOWN;
	ret_info->running = sim->running_slot;
	ret_info->next = sim->chosen_slot;
	ret_info->last_restart_reason = FWSLOT_RESTART_REASON_POWER_ON;
	mutex_unlock(&sim->lock);
	return 0;
}

static int sim_prepare(void *priv, unsigned int slot, const void *image, size_t size_bytes)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_PREPARE);

	if (ret)
		return ret;
	sim->pages_written = 0;
	end(sim);
	return 0;
}

static int sim_erase(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_ERASE);

	if (ret)
		return ret;
	sim_flash_erase(sim, slot, offset);
	end(sim);
	*ret_erased = SIM_BLOCK_BYTES;
	return take_time(sim, SIM_PAGE_BYTES);
}

/* Is page @at among the next @num_pages? It is forgotten if so, for a fault happens once. */
static bool hits_page(const struct sim_device *sim, u32 *at, u32 num_pages)
{
	if (*at < sim->pages_written || *at - sim->pages_written >= num_pages)
		return false;
	*at = SIM_NO_PAGE;
	return true;
}

static int write_pages(struct sim_device *sim, unsigned int slot, u64 offset, const u8 *data,
		       size_t length)
{
	u32 num_pages = DIV_ROUND_UP(length, SIM_PAGE_BYTES);
	u32 torn_page = sim->faults.torn_write_at_page;
	u32 flipped_page = sim->faults.bit_flip_at_page;
	bool is_torn = hits_page(sim, &sim->faults.torn_write_at_page, num_pages);
	bool is_flipped = hits_page(sim, &sim->faults.bit_flip_at_page, num_pages);
	int ret;

	if (is_torn)
		length = min_t(size_t, length,
			       (torn_page - sim->pages_written) * SIM_PAGE_BYTES +
			       SIM_PAGE_BYTES / 2);
	ret = sim_flash_program(sim, slot, offset, data, length);
	if (ret)
		return ret;
	if (is_flipped)
		sim_flash_flip_bit(sim, slot, offset +
				   (flipped_page - sim->pages_written) * SIM_PAGE_BYTES);
	sim->pages_written += num_pages;
	return is_torn ? -EIO : 0;
}

static int sim_write(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
		     size_t *ret_written)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_WRITE);

	if (ret)
		return ret;
	ret = write_pages(sim, slot, offset, data, length);
	end(sim);
	if (ret)
		return ret;
	*ret_written = length;
	return take_time(sim, length);
}

static int sim_read(void *priv, unsigned int slot, u64 offset, void *data, size_t length,
		    size_t *ret_read)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_READ);

	if (ret)
		return ret;
	sim_flash_read(sim, slot, offset, data, length);
	end(sim);
	*ret_read = length;
	return 0;
}

/* There is nothing left to do; the operation is here so that it can be made to fail. */
static int sim_program(void *priv, unsigned int slot)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_PROGRAM);

	if (!ret)
		end(sim);
	return ret;
}

static int sim_activate(void *priv, unsigned int slot, bool is_permanent)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_ACTIVATE);

	if (ret)
		return ret;
	sim->chosen_slot = slot;
	end(sim);
	return 0;
}

static int sim_confirm(void *priv)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_CONFIRM);

	if (!ret)
		end(sim);
	return ret;
}

static int sim_go_back(void *priv, unsigned int slot)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_GO_BACK);

	if (ret)
		return ret;
	sim->chosen_slot = slot;
	sim_restart_in(sim, RESET_MS, FWSLOT_RESTART_REASON_COMMANDED);
	end(sim);
	return 0;
}

static int sim_restart(void *priv)
{
	struct sim_device *sim = priv;
	int ret = begin(sim, SIM_OP_RESTART);

	if (ret)
		return ret;
	sim_restart_in(sim, RESET_MS, FWSLOT_RESTART_REASON_COMMANDED);
	end(sim);
	return 0;
}

const struct fwslot_ops sim_ops = {
	.inspect = sim_inspect,
	.read_boot = sim_read_boot,
	.prepare = sim_prepare,
	.erase = sim_erase,
	.write = sim_write,
	.program = sim_program,
	.read = sim_read,
	.activate = sim_activate,
	.confirm = sim_confirm,
	.go_back = sim_go_back,
	.restart = sim_restart,
};
