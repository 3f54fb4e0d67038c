/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the core share: the objects, their locks, and who does what.
 */
#ifndef _FWSLOT_CORE_H
#define _FWSLOT_CORE_H

#include <crypto/sha2.h>
#include <linux/device.h>
#include <linux/mutex.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "fwslot.h"
#include "boot-assessment.h"
#include "image-buffer.h"
#include "words.h"

/*
 * Locks, outermost first:
 *
 *   fwslot_device.ops_lock	ops and priv; one operation at a time
 *   fwslot_device.notify_lock	telling userspace, in order, and not once sysfs is being taken down
 *   fwslot_device.lock		everything that changes: status, boot record, contents of slots
 *
 * An operation runs under ops_lock and may call fwslot_booted(), which takes the two below it; so
 * neither is held while an operation is called. None is held while sysfs files are removed, because
 * that waits for attributes that take them. The registry's own spinlock (device.c) is a leaf.
 */

/**
 * struct fwslot_slot - one slot, a child device
 * @dev: "fwslotN.M"; holds a reference on the module
 * @fdev: its device; valid as long as @dev is registered
 * @index: M
 * @label: constant
 * @size_bytes: capacity, constant
 * @wrapping_bytes: how much longer an image may be, constant
 * @is_read_only: constant
 * @groups: attribute groups this slot shows
 * @content: unknown, empty, partial, valid or invalid (or any if the device assesses itself)
 * @is_new: holds an image that has not run since it was written
 * @has_run: what is being written was started by the device itself
 * @spoilt: partial or invalid, because a write or a trial failed, and the device may not know;
 *	else unknown
 * @version: of the image, "" if unknown
 * @image_size_bytes: 0 if unknown
 * @has_digest: @digest is that of the image
 * @digest: SHA-256 of the image
 * @next_read_offset: where reading back goes on, for devices that read in sequence
 * @remaining_bytes: not transferred yet, of the last write
 * @error_status: what went on when the last operation failed
 * @error: how it failed
 */
struct fwslot_slot {
	struct device dev;
	struct fwslot_device *fdev;
	unsigned int index;
	const char *label;
	u64 size_bytes;
	u32 wrapping_bytes;
	bool is_read_only;
	const struct attribute_group *groups[4];

	/* Under fdev->lock. */
	enum fwslot_slot_state content;
	bool is_new;
	bool has_run;
	enum fwslot_slot_state spoilt;
	char version[FWSLOT_VERSION_MAX + 1];
	u64 image_size_bytes;
	bool has_digest;
	u8 digest[SHA256_DIGEST_SIZE];
	u64 next_read_offset;
	u64 remaining_bytes;
	enum fwslot_status error_status;
	enum fwslot_error error;
};

/**
 * struct fwslot_upload - the operation that the worker carries out on a slot
 * @slot: which
 * @is_erase: no image: erase the whole slot
 * @is_destructive: the slot no longer holds what it held
 * @is_prepared: &fwslot_ops.prepare was called, so @abort must be if it fails
 * @image: what was received
 * @has_digest: @digest is known
 * @digest: SHA-256 of what the slot holds now
 * @work: the worker, upload-worker.c
 * @timeout: drops a load that nobody finishes, upload.c
 * @last_received_jiffies: when the load last grew
 *
 * Belongs to whoever made the device busy: the loading user while status is "receiving" (then under
 * fdev->lock), the worker afterwards.
 */
struct fwslot_upload {
	struct fwslot_slot *slot;
	bool is_erase;
	bool is_destructive;
	bool is_prepared;
	bool has_digest;
	struct fwslot_image_buffer image;
	u8 digest[SHA256_DIGEST_SIZE];
	struct work_struct work;
	struct delayed_work timeout;
	unsigned long last_received_jiffies;
};

/**
 * struct fwslot_device - one device
 * @dev: "fwslotN"; holds a reference on the module
 * @index: N
 * @name: constant
 * @provider: constant
 * @hardware_id: constant
 * @serial: constant, NULL if there is none
 * @flags: constant, enum fwslot_device_flags
 * @num_slots: constant
 * @slots: a reference on each is held until @dev is released
 * @groups: attribute groups this device shows
 * @capabilities: the operations at registration; says only which abilities exist
 * @ops_lock: held around each operation
 * @ops: NULL once the device is gone; under @ops_lock
 * @priv: of the provider; under @ops_lock
 * @notify_lock: held while userspace is told something
 * @is_shown: all sysfs files are there; under @notify_lock
 * @last_progress_jiffies: when progress was last told; under @notify_lock
 * @lock: guards what follows, and the changing part of each slot
 * @is_gone: nothing new may be begun or queued
 * @status: idle, or what keeps the device busy
 * @busy_slot: slot that keeps it busy, or NULL
 * @done_bytes: progress within @status
 * @total_bytes: progress within @status
 * @boot: the boot record
 * @num_reported: boots of a device that assesses itself, not counted yet
 * @interruption: 0, -ECANCELED or -ENODEV; written under @lock, read anywhere
 * @wait_queue: woken when @interruption is set
 * @upload: of the slot that keeps the device busy
 * @restart_timeout: ends "restarting" if the device is never heard of again
 * @go_back_work: asks the device to go back
 * @refresh_work: asks what the slots hold
 */
struct fwslot_device {
	struct device dev;
	unsigned int index;
	const char *name;
	const char *provider;
	const char *hardware_id;
	const char *serial;
	unsigned int flags;
	unsigned int num_slots;
	struct fwslot_slot *slots[FWSLOT_SLOTS_MAX];
	const struct attribute_group *groups[3];
	const struct fwslot_ops *capabilities;

	struct mutex ops_lock; /* see the comment above */
	const struct fwslot_ops *ops;
	void *priv;

	struct mutex notify_lock; /* see the comment above */
	bool is_shown;
	unsigned long last_progress_jiffies;

	struct mutex lock; /* see the comment above */
	bool is_gone;
	enum fwslot_status status;
	struct fwslot_slot *busy_slot;
	u64 done_bytes;
	u64 total_bytes;
	struct fwslot_boot boot;
	unsigned int num_reported;
	int interruption;
	wait_queue_head_t wait_queue;

	struct fwslot_upload upload;
	struct delayed_work restart_timeout;
	struct work_struct go_back_work;
	struct work_struct refresh_work;
};

static inline struct fwslot_device *to_fwslot_device(struct device *dev)
{
	return container_of(dev, struct fwslot_device, dev);
}

static inline struct fwslot_slot *to_fwslot_slot(struct device *dev)
{
	return container_of(dev, struct fwslot_slot, dev);
}

/* main.c: runs uploads and everything else that waits for a device. */
extern struct workqueue_struct *fwslot_workqueue;

/* device.c; both return a device with a reference on fdev->dev, or NULL. */
int fwslot_devices_init(void);
void fwslot_devices_exit(void);
struct fwslot_device *fwslot_device_find(u32 index);
struct fwslot_device *fwslot_device_find_from(u32 index);
extern struct class fwslot_class;

static inline bool fwslot_has_boot_control(const struct fwslot_device *fdev)
{
	return fdev->capabilities->read_boot;
}

static inline bool fwslot_assesses_itself(const struct fwslot_device *fdev)
{
	return fdev->flags & FWSLOT_ASSESSES_ITSELF;
}

/* slot.c */
struct fwslot_slot *fwslot_slot_create(struct fwslot_device *fdev, unsigned int index,
				       const struct fwslot_slot_desc *desc);
int fwslot_slot_inspect(struct fwslot_slot *slot);
void fwslot_slot_forget(struct fwslot_slot *slot, enum fwslot_slot_state content);
enum fwslot_slot_state fwslot_slot_state(const struct fwslot_slot *slot);
ssize_t fwslot_slot_read(struct fwslot_slot *slot, void *data, u64 offset, size_t length);

/* "sha256:", 64 digits and the end */
#define FWSLOT_DIGEST_TEXT_SIZE (7 + 2 * SHA256_DIGEST_SIZE + 1)
void fwslot_slot_digest_text(const struct fwslot_slot *slot, char *text);
/* "" without an error */
void fwslot_slot_error_text(const struct fwslot_slot *slot, char *text);

/* busy.c: who may use the device, and how its operations are reached */
int fwslot_busy_begin(struct fwslot_device *fdev, enum fwslot_status status,
		      struct fwslot_slot *slot);
int fwslot_busy_begin_locked(struct fwslot_device *fdev, enum fwslot_status status,
			     struct fwslot_slot *slot);
void fwslot_busy_change(struct fwslot_device *fdev, enum fwslot_status status, u64 total_bytes);
void fwslot_busy_end(struct fwslot_device *fdev);
void fwslot_busy_end_locked(struct fwslot_device *fdev);
bool fwslot_busy_end_if(struct fwslot_device *fdev, enum fwslot_status status);
void fwslot_interrupt_locked(struct fwslot_device *fdev, int interruption);
void fwslot_resume_locked(struct fwslot_device *fdev);
const struct fwslot_ops *fwslot_ops_get(struct fwslot_device *fdev);
void fwslot_ops_put(struct fwslot_device *fdev);

/* boot.c */
void fwslot_boot_init(struct fwslot_device *fdev);
int fwslot_boot_read(struct fwslot_device *fdev);
void fwslot_boot_refresh(struct fwslot_device *fdev);
void fwslot_boot_stop(struct fwslot_device *fdev);

/* control.c */
int fwslot_slot_activate(struct fwslot_slot *slot, bool is_permanent);
int fwslot_slot_withdraw(struct fwslot_slot *slot);
int fwslot_device_confirm(struct fwslot_device *fdev);
int fwslot_device_restart(struct fwslot_device *fdev);
void fwslot_restart_timed_out(struct work_struct *work);

/* boot-picture.c: which slots look different after a change of the boot record */
struct fwslot_picture {
	u8 state[FWSLOT_SLOTS_MAX];
	int running;
	int next;
};

void fwslot_picture_take(struct fwslot_device *fdev, struct fwslot_picture *ret);
void fwslot_picture_notify(struct fwslot_device *fdev, const struct fwslot_picture *before,
			   u32 also);

/* upload.c */
void fwslot_upload_init(struct fwslot_device *fdev);
int fwslot_upload_begin(struct fwslot_slot *slot);
int fwslot_upload_append(struct fwslot_slot *slot, const void *data, u64 offset, size_t length);
int fwslot_upload_commit(struct fwslot_slot *slot);
int fwslot_upload_drop(struct fwslot_slot *slot);
int fwslot_upload_cancel(struct fwslot_slot *slot);
int fwslot_upload_erase(struct fwslot_slot *slot);
void fwslot_upload_finish(struct fwslot_device *fdev, int error);
void fwslot_upload_stop(struct fwslot_device *fdev);

/* upload-worker.c */
void fwslot_upload_work(struct work_struct *work);

/* device-sysfs.c, boot-sysfs.c, slot-sysfs.c, upload-sysfs.c */
extern const struct attribute_group fwslot_device_group;
extern const struct attribute_group fwslot_boot_group;
extern const struct attribute_group fwslot_slot_group;
extern const struct attribute_group fwslot_upload_group;
const struct attribute_group *fwslot_data_group(const struct fwslot_slot *slot);

#endif /* _FWSLOT_CORE_H */
