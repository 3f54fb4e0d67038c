// SPDX-License-Identifier: GPL-2.0
/*
 * The operations of the core, each as a request to the process. What a slot holds and how the boots
 * stand is not asked but remembered: the process says so whenever it changes, so that a read of an
 * attribute never waits for it.
 */
#include <linux/minmax.h>
#include <linux/string.h>

#include "user.h"

static int inspect(void *priv, unsigned int slot, struct fwslot_slot_info *ret_info)
{
	struct fwslot_user *user = priv;
	const struct fwslot_user_content *content = &user->contents[slot];

	mutex_lock(&user->lock);
	ret_info->state = content->state;
	ret_info->image_size_bytes = content->image_size;
	strscpy(ret_info->version, content->version, sizeof(ret_info->version));
	ret_info->has_digest = content->flags & FWSLOT_USER_HAS_DIGEST;
	memcpy(ret_info->digest, content->digest, sizeof(ret_info->digest));
	mutex_unlock(&user->lock);
	return 0;
}

static int read_boot(void *priv, struct fwslot_boot_info *ret_info)
{
	struct fwslot_user *user = priv;
	const struct fwslot_user_boot *boot = &user->boot;

	mutex_lock(&user->lock);
	ret_info->state = boot->state;
	ret_info->running = boot->running_slot;
	ret_info->next = boot->next_slot;
	ret_info->fallback = boot->fallback_slot;
	ret_info->limit = boot->limit;
	ret_info->attempts = boot->attempts;
	ret_info->last_restart_reason = boot->last_restart_reason;
	mutex_unlock(&user->lock);
	return 0;
}

/*
 * Shows the process the image, so that it can refuse one while the slot still holds what it held.
 */
static int show_image(struct fwslot_user *user, unsigned int slot, const void *image,
		      size_t size_bytes)
{
	size_t offset;
	int ret = 0;

	for (offset = 0; !ret && offset < size_bytes; offset += user->transfer_size) {
		const struct fwslot_user_request body = {
			.slot = slot,
			.offset = offset,
			.length = min_t(size_t, user->transfer_size, size_bytes - offset),
			.total = size_bytes,
		};

		ret = fwslot_user_ask(user, FWSLOT_USER_INSPECT, &body, image + offset, NULL, NULL);
	}
	return ret;
}

static int prepare(void *priv, unsigned int slot, const void *image, size_t size_bytes)
{
	struct fwslot_user *user = priv;
	const struct fwslot_user_request body = {
		.slot = slot, .length = size_bytes, .total = size_bytes,
	};
	int ret = 0;

	if (user->abilities & FWSLOT_USER_CAN_INSPECT)
		ret = show_image(user, slot, image, size_bytes);
	if (!ret)
		ret = fwslot_user_ask(user, FWSLOT_USER_PREPARE, &body, NULL, NULL, NULL);
	return ret;
}

static int erase(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased)
{
	const struct fwslot_user_request body = {
		.slot = slot, .offset = offset, .length = length,
	};

	*ret_erased = length;
	return fwslot_user_ask(priv, FWSLOT_USER_ERASE, &body, NULL, NULL, NULL);
}

static int write(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
		 size_t *ret_written)
{
	struct fwslot_user *user = priv;
	const struct fwslot_user_request body = {
		.slot = slot,
		.offset = offset,
		.length = min_t(size_t, length, user->transfer_size),
	};

	*ret_written = body.length;
	return fwslot_user_ask(user, FWSLOT_USER_WRITE, &body, data, NULL, NULL);
}

static int program(void *priv, unsigned int slot)
{
	const struct fwslot_user_request body = { .slot = slot };

	return fwslot_user_ask(priv, FWSLOT_USER_PROGRAM, &body, NULL, NULL, NULL);
}

static void abort_write(void *priv, unsigned int slot)
{
	const struct fwslot_user_request body = { .slot = slot };

	fwslot_user_ask(priv, FWSLOT_USER_ABORT, &body, NULL, NULL, NULL);
}

static int read(void *priv, unsigned int slot, u64 offset, void *data, size_t length,
		size_t *ret_read)
{
	struct fwslot_user *user = priv;
	const struct fwslot_user_request body = {
		.slot = slot,
		.offset = offset,
		.length = min_t(size_t, length, user->transfer_size),
	};

	return fwslot_user_ask(user, FWSLOT_USER_READ, &body, NULL, data, ret_read);
}

static int activate(void *priv, unsigned int slot, bool is_permanent)
{
	const struct fwslot_user_request body = {
		.slot = slot, .flags = is_permanent ? FWSLOT_USER_PERMANENT : 0,
	};

	return fwslot_user_ask(priv, FWSLOT_USER_ACTIVATE, &body, NULL, NULL, NULL);
}

static int confirm(void *priv)
{
	const struct fwslot_user_request body = { };

	return fwslot_user_ask(priv, FWSLOT_USER_CONFIRM, &body, NULL, NULL, NULL);
}

static int go_back(void *priv, unsigned int slot)
{
	const struct fwslot_user_request body = { .slot = slot };

	return fwslot_user_ask(priv, FWSLOT_USER_GO_BACK, &body, NULL, NULL, NULL);
}

static int restart(void *priv)
{
	const struct fwslot_user_request body = { };

	return fwslot_user_ask(priv, FWSLOT_USER_RESTART, &body, NULL, NULL, NULL);
}

void fwslot_user_fill_ops(struct fwslot_ops *ops, u32 abilities)
{
	*ops = (struct fwslot_ops){ .inspect = inspect };

	if (abilities & FWSLOT_USER_CAN_WRITE) {
		ops->prepare = prepare;
		ops->write = write;
		ops->abort = abort_write;
	}
	if (abilities & FWSLOT_USER_CAN_ERASE)
		ops->erase = erase;
	if (abilities & FWSLOT_USER_CAN_PROGRAM)
		ops->program = program;
	if (abilities & FWSLOT_USER_CAN_READ)
		ops->read = read;
	if (abilities & FWSLOT_USER_CAN_BOOT) {
		ops->read_boot = read_boot;
		ops->go_back = go_back;
	}
	if (abilities & FWSLOT_USER_CAN_ACTIVATE)
		ops->activate = activate;
	if (abilities & FWSLOT_USER_CAN_CONFIRM)
		ops->confirm = confirm;
	if (abilities & FWSLOT_USER_CAN_RESTART)
		ops->restart = restart;
}
