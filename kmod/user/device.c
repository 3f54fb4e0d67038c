// SPDX-License-Identifier: GPL-2.0
/*
 * The device that a process provides: it comes with CREATE, says what changed with STATE and
 * BOOTED, and goes with DESTROY or with its process.
 */
#include <linux/atomic.h>
#include <linux/slab.h>

#include "user.h"

static atomic_t num_devices = ATOMIC_INIT(0);

static void set_state_locked(struct fwslot_user *user, const struct fwslot_user_boot *boot)
{
	user->boot = *boot;
	/* Fields that nobody looks at may hold anything; the core looks at all. */
	if (!(user->abilities & FWSLOT_USER_CAN_BOOT))
		user->boot = (struct fwslot_user_boot){
			.running_slot = -1, .next_slot = -1, .fallback_slot = -1, .limit = 1,
		};
}

static unsigned int flags_of(u32 abilities)
{
	return (abilities & FWSLOT_USER_ASSESSES_ITSELF ? FWSLOT_ASSESSES_ITSELF : 0) |
	       (abilities & FWSLOT_USER_READS_IN_SEQUENCE ? FWSLOT_READS_IN_SEQUENCE : 0) |
	       (abilities & FWSLOT_USER_PROGRAMS_FIRST ? FWSLOT_PROGRAMS_FIRST : 0);
}

/* Takes over what the process says, and makes its operations reach it. */
static void come_alive(struct fwslot_user *user, const struct fwslot_user_create *create)
{
	const struct fwslot_user_slot *slots = fwslot_user_create_slots(create);
	u32 i;

	mutex_lock(&user->lock);
	user->abilities = create->abilities;
	user->num_slots = create->num_slots;
	user->transfer_size = create->transfer_size ? : FWSLOT_USER_TRANSFER_DEFAULT;
	set_state_locked(user, &create->boot);
	for (i = 0; i < user->num_slots; i++)
		user->contents[i] = slots[i].content;
	user->exchange = (struct fwslot_user_exchange){ };
	user->cancel_id = 0;
	user->is_live = true;
	mutex_unlock(&user->lock);
}

/* From here on operations that wait for the process, and new ones, end with -ENODEV. */
static void die(struct fwslot_user *user)
{
	mutex_lock(&user->lock);
	user->is_live = false;
	fwslot_user_changed_locked(user);
	mutex_unlock(&user->lock);
}

/* Nobody waits or wakes any more: the device may be freed. */
static void set_device(struct fwslot_user *user, struct fwslot_device *fdev)
{
	mutex_lock(&user->lock);
	user->fdev = fdev;
	mutex_unlock(&user->lock);
}

static int register_device(struct fwslot_user *user, const struct fwslot_user_create *create)
{
	const struct fwslot_user_slot *slots = fwslot_user_create_slots(create);
	struct fwslot_slot_desc descs[FWSLOT_USER_SLOTS_MAX];
	struct fwslot_desc desc = {
		.name = create->name,
		.provider = "user",
		.hardware_id = create->hardware_id,
		.serial = create->serial[0] ? create->serial : NULL,
		.num_slots = create->num_slots,
		.slots = descs,
		.flags = flags_of(create->abilities),
	};
	struct fwslot_device *fdev;
	int ret;
	u32 i;

	for (i = 0; i < create->num_slots; i++)
		descs[i] = (struct fwslot_slot_desc){
			.label = slots[i].label,
			.size_bytes = slots[i].size,
			.is_read_only = slots[i].flags & FWSLOT_USER_READ_ONLY,
		};
	fwslot_user_fill_ops(&user->ops, create->abilities);
	fdev = fwslot_alloc(fwslot_user_parent(), &desc, &user->ops, user);
	if (IS_ERR(fdev))
		return PTR_ERR(fdev);
	set_device(user, fdev);
	come_alive(user, create);
	ret = fwslot_register(fdev);
	if (ret) {
		die(user);
		set_device(user, NULL);
		fwslot_free(fdev);
	}
	return ret;
}

/**
 * fwslot_user_create() - CREATE
 * @user: the open file
 * @create: body
 * @length: of the body
 *
 * Return: 0, -EEXIST it provides one already, -EUSERS FWSLOT_USER_DEVICES_MAX, -EINVAL, -EMSGSIZE,
 * or what fwslot_alloc() or fwslot_register() returned.
 */
int fwslot_user_create(struct fwslot_user *user, const struct fwslot_user_create *create,
		       size_t length)
{
	int ret = fwslot_user_check_create(create, length);

	if (ret)
		return ret;
	mutex_lock(&user->create_lock);
	if (user->fdev) {
		ret = -EEXIST;
	} else if (!atomic_add_unless(&num_devices, 1, FWSLOT_USER_DEVICES_MAX)) {
		ret = -EUSERS;
	} else {
		ret = register_device(user, create);
		if (ret)
			atomic_dec(&num_devices);
	}
	mutex_unlock(&user->create_lock);
	return ret;
}

/* Return: 0, or -ENODEV there is none. */
int fwslot_user_destroy(struct fwslot_user *user)
{
	struct fwslot_device *fdev;

	mutex_lock(&user->create_lock);
	fdev = user->fdev;
	if (fdev) {
		die(user);
		fwslot_unregister(fdev);
		set_device(user, NULL);
		atomic_dec(&num_devices);
	}
	mutex_unlock(&user->create_lock);
	return fdev ? 0 : -ENODEV;
}

/* Return: 0, -ENODEV, -EINVAL, -EMSGSIZE. */
int fwslot_user_set_state(struct fwslot_user *user, const struct fwslot_user_boot *boot,
			  size_t length)
{
	const struct fwslot_user_content *contents = fwslot_user_state_contents(boot);
	int ret = -ENODEV;

	mutex_lock(&user->create_lock);
	if (user->fdev)
		ret = fwslot_user_check_state(boot, length, user->abilities, user->num_slots);
	if (!ret) {
		mutex_lock(&user->lock);
		set_state_locked(user, boot);
		memcpy(user->contents, contents, user->num_slots * sizeof(*contents));
		mutex_unlock(&user->lock);
		fwslot_refresh(user->fdev);
	}
	mutex_unlock(&user->create_lock);
	return ret;
}

/* Return: 0, -ENODEV, -EINVAL, -EOPNOTSUPP it said that it cannot boot. */
int fwslot_user_booted(struct fwslot_user *user, const struct fwslot_user_booted *booted)
{
	int ret = -ENODEV;

	mutex_lock(&user->create_lock);
	if (user->fdev && !(user->abilities & FWSLOT_USER_CAN_BOOT))
		ret = -EOPNOTSUPP;
	else if (user->fdev)
		ret = fwslot_user_check_booted(booted, user->num_slots);
	if (!ret)
		fwslot_booted(user->fdev, booted->slot, booted->reason);
	mutex_unlock(&user->create_lock);
	return ret;
}
