// SPDX-License-Identifier: GPL-2.0
/*
 * What the core asks of a DFU device and needs no conversation for: contents, boots, choices. What
 * does need one is in read.c and write.c.
 */
#include <linux/jiffies.h>

#include "dfu.h"

static int inspect(void *priv, unsigned int slot, struct fwslot_slot_info *ret_info)
{
	struct dfu_device *dfu = priv;

	mutex_lock(&dfu->lock);
	ret_info->state = dfu->slots[slot].content;
	ret_info->image_size_bytes = dfu->slots[slot].image_bytes;
	dfu_version_text(dfu->slots[slot].version, ret_info->version);
	mutex_unlock(&dfu->lock);
	return 0;
}

/* A device in DFU mode runs nothing that anybody could see. */
static int read_boot(void *priv, struct fwslot_boot_info *ret_info)
{
	struct dfu_device *dfu = priv;

	mutex_lock(&dfu->lock);
	if (dfu->mode == DFU_MODE_RUNTIME)
		ret_info->running = dfu->running;
	ret_info->next = ret_info->running;
	mutex_unlock(&dfu->lock);
	return 0;
}

/* DFU has no request for this: a device starts what was written last, or the only thing it has. */
static int activate(void *priv, unsigned int slot, bool is_permanent)
{
	struct dfu_device *dfu = priv;
	int ret = 0;

	mutex_lock(&dfu->lock);
	if (dfu->num_slots > 1 && (int)slot != dfu->chosen &&
	    !(dfu->chosen == FWSLOT_NO_SLOT && (int)slot == dfu->running))
		ret = -EOPNOTSUPP;
	else
		dfu->is_on_trial = !is_permanent;
	mutex_unlock(&dfu->lock);
	return ret;
}

/*
 * May it be told something? Not while it is away: one that is waited for starts, or is on its way
 * to DFU mode, by itself; any other is about to be forgotten. lock is held.
 */
static int must_be_here(const struct dfu_device *dfu)
{
	lockdep_assert_held(&dfu->lock);
	if (dfu->is_gone)
		return -ENODEV;
	if (dfu->mode != DFU_MODE_AWAY)
		return 0;
	return time_before(jiffies, dfu->gone_at) ? -EBUSY : -ENODEV;
}

static int confirm(void *priv)
{
	struct dfu_device *dfu = priv;
	int ret;

	mutex_lock(&dfu->lock);
	/* New firmware that has just left the bus, nobody told it to, has proved nothing. */
	ret = must_be_here(dfu);
	if (!ret)
		dfu->is_on_trial = false;
	mutex_unlock(&dfu->lock);
	return ret;
}

static int go_back(void *priv, unsigned int slot)
{
	return -EOPNOTSUPP;
}

static int restart(void *priv)
{
	struct dfu_device *dfu = priv;
	int ret;

	mutex_lock(&dfu->lock);
	ret = must_be_here(dfu);
	if (!ret)
		queue_work(dfu_workqueue, &dfu->restart_work);
	mutex_unlock(&dfu->lock);
	return ret;
}

/* The device said why it failed: tell the log. */
int dfu_explain(struct dfu_device *dfu, const char *action, int error)
{
	const struct dfu_status *last = &dfu->session.last;

	if (!error || error == -ENODEV || error == -ECANCELED)
		return error;
	dev_err(dfu->place, "the device %s: error %d, in state %s with status %s (%s)\n", action,
		error, dfu_state_word(last->state), dfu_status_word(last->status),
		dfu_status_sentence(last->status));
	return error;
}

#define COMMON_OPERATIONS		\
	.inspect = inspect,		\
	.read_boot = read_boot,		\
	.activate = activate,		\
	.confirm = confirm,		\
	.go_back = go_back,		\
	.restart = restart

#define WRITE_OPERATIONS		\
	.prepare = dfu_prepare,		\
	.write = dfu_write,		\
	.program = dfu_program,		\
	.abort = dfu_abort

#define READ_OPERATIONS			\
	.read = dfu_read

#define VERIFY_OPERATIONS		\
	.verify = dfu_verify

#define ERASE_OPERATIONS		\
	.erase = dfu_erase

/* By whether it has addresses, accepts downloads, gives uploads: an absent operation is hidden. */
static const struct fwslot_ops operations[2][2][2] = {
	[0][0][0] = { COMMON_OPERATIONS },
	[0][0][1] = { COMMON_OPERATIONS, READ_OPERATIONS },
	[0][1][0] = { COMMON_OPERATIONS, WRITE_OPERATIONS },
	[0][1][1] = { COMMON_OPERATIONS, WRITE_OPERATIONS, READ_OPERATIONS, VERIFY_OPERATIONS },
	[1][0][0] = { COMMON_OPERATIONS },
	[1][0][1] = { COMMON_OPERATIONS, READ_OPERATIONS },
	[1][1][0] = { COMMON_OPERATIONS, WRITE_OPERATIONS, ERASE_OPERATIONS },
	[1][1][1] = { COMMON_OPERATIONS, WRITE_OPERATIONS, ERASE_OPERATIONS, READ_OPERATIONS,
		      VERIFY_OPERATIONS },
};

const struct fwslot_ops *dfu_provider_ops(const struct dfu_function *function, bool has_addresses)
{
	return &operations[has_addresses][function->can_download][function->can_upload];
}
