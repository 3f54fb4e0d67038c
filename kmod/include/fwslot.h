/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a provider needs to offer the firmware slots of a device: describe it, fill in the
 * operations, register, and report boots.
 *
 * The core (fwslot.ko) owns buffering, status, sysfs, netlink and boot assessment. A provider never
 * sees a socket, an attribute or a user's buffer. Documentation/provider.rst walks through one.
 */
#ifndef _FWSLOT_H
#define _FWSLOT_H

#include <linux/types.h>
#include <linux/wait.h>

#include "uapi/fwslot_netlink.h"

struct device;
struct fwslot_device;

#define FWSLOT_SLOTS_MAX		32
#define FWSLOT_NAME_MAX			127	/* name, provider, label, serial */
#define FWSLOT_HARDWARE_ID_MAX		259	/* vendor/model/rev/sku of 64 each */
#define FWSLOT_VERSION_MAX		63
#define FWSLOT_DIGEST_SIZE		32
#define FWSLOT_BOOT_LIMIT_DEFAULT	3
#define FWSLOT_BOOT_LIMIT_MAX		255
#define FWSLOT_NO_SLOT			(-1)

/**
 * enum fwslot_device_flags - what sets a device apart
 * @FWSLOT_ASSESSES_ITSELF: its own boot loader counts attempts and goes back (MCUboot). The core
 *	mirrors what &fwslot_ops.read_boot and &fwslot_ops.inspect say and never counts.
 * @FWSLOT_READS_IN_SEQUENCE: &fwslot_ops.read works only from offset 0 upwards (USB DFU upload).
 *	The core then reads so, and answers -ESPIPE to a user who does not.
 * @FWSLOT_PROGRAMS_FIRST: what was written can be read back only after &fwslot_ops.program.
 */
enum fwslot_device_flags {
	FWSLOT_ASSESSES_ITSELF		= 1 << 0,
	FWSLOT_READS_IN_SEQUENCE	= 1 << 1,
	FWSLOT_PROGRAMS_FIRST		= 1 << 2,
};

/**
 * struct fwslot_slot_desc - one slot of a device
 * @label: what the vendor calls it ("a", "recovery"), at most FWSLOT_NAME_MAX bytes
 * @size_bytes: how much it can hold
 * @wrapping_bytes: how much longer an image may be, because part of it is not stored; see
 *	&fwslot_ops.verify
 * @is_read_only: it can never be written or erased
 */
struct fwslot_slot_desc {
	const char *label;
	u64 size_bytes;
	u32 wrapping_bytes;
	bool is_read_only;
};

/**
 * struct fwslot_desc - a device; copied by fwslot_alloc()
 * @name: for people, "Simulated device 0"
 * @provider: one word, "sim"
 * @hardware_id: "vendor/model[/rev[/sku]]"
 * @serial: serial number, or NULL if the device has none
 * @num_slots: 1..FWSLOT_SLOTS_MAX
 * @slots: that many
 * @flags: of enum fwslot_device_flags
 */
struct fwslot_desc {
	const char *name;
	const char *provider;
	const char *hardware_id;
	const char *serial;
	unsigned int num_slots;
	const struct fwslot_slot_desc *slots;
	unsigned int flags;
};

/**
 * struct fwslot_slot_info - what is in a slot, as far as the device can tell
 * @state: unknown, empty, partial, valid or invalid; a device that assesses itself may also say
 *	pending, trial or confirmed
 * @version: of the image, "" if unknown
 * @image_size_bytes: bytes of the slot that belong to the image, 0 if unknown
 * @has_digest: @digest is known. The core itself remembers the digest of what it wrote; a device
 *	that moves images between slots says here where they are
 * @digest: SHA-256 of the image as it was written
 */
struct fwslot_slot_info {
	enum fwslot_slot_state state;
	char version[FWSLOT_VERSION_MAX + 1];
	u64 image_size_bytes;
	bool has_digest;
	u8 digest[FWSLOT_DIGEST_SIZE];
};

/**
 * struct fwslot_boot_info - what the device remembers of its boots
 * @total: boots ever
 * @state: unknown if the device does not remember whether its firmware was confirmed
 * @running: slot it runs from, or FWSLOT_NO_SLOT
 * @next: slot it will boot from at the next restart, or FWSLOT_NO_SLOT
 * @fallback: slot it would go back to, or FWSLOT_NO_SLOT
 * @limit: 1..FWSLOT_BOOT_LIMIT_MAX; attempts a trial has
 * @attempts: boots of the running trial so far
 * @last_restart_reason: why it booted last
 *
 * Preset by the core: nothing known, limit FWSLOT_BOOT_LIMIT_DEFAULT. A provider overwrites what
 * its device knows.
 */
struct fwslot_boot_info {
	u64 total;
	enum fwslot_boot_state state;
	int running;
	int next;
	int fallback;
	unsigned int limit;
	unsigned int attempts;
	enum fwslot_restart_reason last_restart_reason;
};

/**
 * struct fwslot_ops - what a device can do
 *
 * Every operation may sleep, gets the @priv of fwslot_alloc() and returns 0 or a negative errno.
 * The core calls one at a time per device, and none any more once fwslot_unregister() has returned.
 * An absent operation hides the ability from userspace; @inspect is the only one required.
 *
 * An operation that takes longer than a second looks at fwslot_interrupted() in between, and sleeps
 * only in fwslot_sleep() or on fwslot_wait_queue(). It never calls fwslot_unregister().
 *
 * The errno of the operations of a write becomes the word that userspace reads from "error":
 * -EPROTO hw-error, -ETIMEDOUT timeout, -ECANCELED user-abort, -EBUSY device-busy, -EFBIG
 * invalid-file-size, -EIO read-write-error, -EUCLEAN flash-wearout, -EBADMSG firmware-invalid,
 * -EMEDIUMTYPE wrong-device (the image is sound, but for another), -ENODEV device-gone; anything
 * else reads hw-error.
 *
 * @inspect: say what is in @slot.
 * @read_boot: say what the device remembers of its boots. Its presence means boot control: there is
 *	a directory boot/ and the provider calls fwslot_booted().
 * @prepare: @image, of @size_bytes, will be written to @slot. May refuse it by what is in it.
 *	Nothing is changed in the device yet.
 * @erase: erase from @offset, at most the blocks that hold @length bytes; as much as is convenient
 *	at once. *@ret_erased is at least 1 and may exceed @length up to the end of the block.
 *	Absent if the device erases by itself.
 * @write: write the @length bytes that follow the previous call's, beginning at 0.
 *	*@ret_written is 1..@length.
 * @program: all bytes were written: let the device do what it does at the end (DFU manifestation).
 * @abort: the write failed or was cancelled after @prepare: bring the device back to where a new
 *	one can start. The slot is "partial" if anything was erased or written.
 * @verify: compare @length bytes of the image, from @offset on and one call after the other, with
 *	what the device holds; -EIO if they differ. *@ret_verified is 1..@length. Only for a device
 *	that does not store its images byte for byte; for others the core compares what @read gives.
 * @read: read back. *@ret_read is 1..@length; 0 if the image ends at @offset.
 * @activate: boot from @slot at the next restart. @is_permanent false: the image is new, a device
 *	with a one-shot choice may use it; but after a power failure it must boot @slot again until
 *	it is told otherwise, for it is the core that counts.
 * @confirm: the running image is good. Absent if the device need not know.
 * @go_back: make @slot the one to boot from, and restart into it at once.
 * @restart: begin a restart and do not wait for it; fwslot_booted() tells its end.
 */
struct fwslot_ops {
	int (*inspect)(void *priv, unsigned int slot, struct fwslot_slot_info *ret_info);
	int (*read_boot)(void *priv, struct fwslot_boot_info *ret_info);

	int (*prepare)(void *priv, unsigned int slot, const void *image, size_t size_bytes);
	int (*erase)(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased);
	int (*write)(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
		     size_t *ret_written);
	int (*program)(void *priv, unsigned int slot);
	int (*verify)(void *priv, unsigned int slot, u64 offset, size_t length,
		      size_t *ret_verified);
	void (*abort)(void *priv, unsigned int slot);
	int (*read)(void *priv, unsigned int slot, u64 offset, void *data, size_t length,
		    size_t *ret_read);

	int (*activate)(void *priv, unsigned int slot, bool is_permanent);
	int (*confirm)(void *priv);
	int (*go_back)(void *priv, unsigned int slot);
	int (*restart)(void *priv);
};

/**
 * fwslot_alloc() - make a device that nobody can see yet
 * @parent: the device's place in the device tree
 * @desc: description, copied
 * @ops: operations; must stay until fwslot_unregister() or fwslot_free() has returned
 * @priv: handed to each operation
 *
 * Store the result where the operations find it before calling fwslot_register(). May sleep.
 *
 * Return: the device, or an ERR_PTR(): -EINVAL and a message in the log for a wrong description,
 * -ENOMEM.
 */
struct fwslot_device * __must_check
fwslot_alloc(struct device *parent, const struct fwslot_desc *desc, const struct fwslot_ops *ops,
	     void *priv);

/**
 * fwslot_free() - give up a device that was never registered
 * @fdev: the device, or NULL
 */
void fwslot_free(struct fwslot_device *fdev);

/**
 * fwslot_register() - show a device to userspace
 * @fdev: the device
 *
 * Calls @inspect and @read_boot first. Any operation may be called before this function returns.
 * May sleep.
 *
 * Return: 0; from then on fwslot_unregister() ends it. Or a negative errno; then fwslot_free()
 * does.
 */
int __must_check fwslot_register(struct fwslot_device *fdev);

/**
 * fwslot_unregister() - the device is gone
 * @fdev: a registered device; must not be used any more
 *
 * Interrupts what is going on, waits for the running operation to return and for users of the
 * attributes to leave. From then on everything answers -ENODEV. May sleep. Never call it from an
 * operation, nor with a lock held that an operation takes.
 */
void fwslot_unregister(struct fwslot_device *fdev);

/**
 * fwslot_booted() - report that the device starts
 * @fdev: the device
 * @slot: slot it starts from, or FWSLOT_NO_SLOT if it found nothing to start
 * @reason: why it restarted
 *
 * Report every start as early as it is known, also those nobody asked for. The core counts; if this
 * start is one too many for a trial, it calls &fwslot_ops.go_back soon after. Of a device that
 * assesses itself, everything is asked anew and shown together with the start. May be called from
 * an operation. May sleep.
 */
void fwslot_booted(struct fwslot_device *fdev, int slot, enum fwslot_restart_reason reason);

/**
 * fwslot_refresh() - something changed inside the device
 * @fdev: the device
 *
 * Makes the core ask &fwslot_ops.inspect and, if the device assesses itself, &fwslot_ops.read_boot
 * again, soon after. Any context that may take a spinlock.
 */
void fwslot_refresh(struct fwslot_device *fdev);

/**
 * fwslot_interrupted() - should the running operation give up?
 * @fdev: the device
 *
 * Return: 0, -ECANCELED (somebody cancelled) or -ENODEV (it is being unregistered). An operation
 * that gives up returns this value. Any context.
 */
int fwslot_interrupted(struct fwslot_device *fdev);

/**
 * fwslot_sleep() - sleep within an operation, unless it is interrupted
 * @fdev: the device
 * @duration_us: how long, in microseconds; 0 only looks whether it is interrupted
 *
 * Return: 0 after @duration_us, or as fwslot_interrupted().
 */
int fwslot_sleep(struct fwslot_device *fdev, unsigned long duration_us);

/**
 * fwslot_wait_queue() - the queue that is woken when an operation is interrupted
 * @fdev: the device
 *
 * For operations that wait for an event: wait_event_timeout(*fwslot_wait_queue(fdev), the event or
 * fwslot_interrupted(fdev), timeout). Whoever brings the event wakes the same queue.
 */
wait_queue_head_t *fwslot_wait_queue(struct fwslot_device *fdev);

#endif /* _FWSLOT_H */
