/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the DFU provider share: the device, its locks, and who does what.
 *
 * A device that runs firmware and the same device in DFU mode are two USB devices, one after the
 * other on the same port. Here they are one: struct dfu_device outlives the moments between.
 */
#ifndef _FWSLOT_DFU_H
#define _FWSLOT_DFU_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/usb.h>
#include <linux/workqueue.h>

#include "fwslot.h"
#include "protocol/claim.h"
#include "protocol/dfuse.h"

/* How long a device may be off the bus on its way from one mode to the other. */
#define DFU_REATTACH_MS		10000
/* How long after a read a device stays in DFU mode before it runs its firmware again. */
#define DFU_LINGER_MS		2000
/* How long a device may take to leave the bus after it was told to. */
#define DFU_LEAVE_MS		2000
/* A file may be so much longer than the slot it is for: a suffix, the structure of a DfuSe file. */
#define DFU_WRAPPING_BYTES	255
#define DFUSE_WRAPPING_BYTES	65536
#define DFU_PORT_MAX		31	/* "1-1.2.3.4.5.6" */

enum dfu_mode {
	DFU_MODE_AWAY,		/* off the bus */
	DFU_MODE_RUNTIME,	/* runs its firmware, and can be asked to enter DFU mode */
	DFU_MODE_DFU,
};

/**
 * struct dfu_slot - what is known of a slot
 * @content: unknown, empty, partial, valid or invalid
 * @version: bcdDevice of the image, DFU_ANY_ID if unknown
 * @image_bytes: 0 if unknown
 */
struct dfu_slot {
	enum fwslot_slot_state content;
	u16 version;
	u64 image_bytes;
};

/**
 * struct dfu_alternate - an alternate setting
 * @label: what the vendor calls it, printable, "" if nothing
 * @has_layout: DfuSe, @layout is known
 * @layout: the memory behind it
 */
struct dfu_alternate {
	char label[FWSLOT_NAME_MAX + 1];
	bool has_layout;
	struct dfuse_layout layout;
};

/**
 * struct dfu_shown - what the device shows in the mode it is in
 * @id: idVendor and idProduct
 * @version: bcdDevice
 * @interface: bInterfaceNumber of the DFU interface
 * @function: its functional descriptor
 * @name: its product string, printable, "" if it has none
 * @has_addresses: DfuSe
 * @num_alternates: 1..FWSLOT_SLOTS_MAX
 * @alternates: that many
 */
struct dfu_shown {
	struct dfu_usb_id id;
	u16 version;
	u8 interface;
	struct dfu_function function;
	char name[FWSLOT_NAME_MAX + 1];
	bool has_addresses;
	unsigned int num_alternates;
	struct dfu_alternate *alternates;
};

/**
 * struct dfu_read - a slot that is being read
 * @slot: which
 * @is_going_on: the conversation is an upload of @slot that stands at @offset
 * @is_at_end: the device has nothing more
 * @error: why it did not go on beyond @offset, or 0
 * @offset: of the next byte for the reader
 * @block: a block that came but was not asked for yet, or NULL
 * @block_start: first such byte in @block
 * @block_end: end of them
 */
struct dfu_read {
	unsigned int slot;
	bool is_going_on;
	bool is_at_end;
	int error;
	u64 offset;
	u8 *block;
	u16 block_start;
	u16 block_end;
};

/**
 * struct dfu_write - a slot that is being written
 * @is_going_on: from a successful prepare to the end or the abort
 * @is_destructive: something was erased or written
 * @is_verifying: it is being read back
 * @needs_reset: the device waits for a bus reset, or restarted: it cannot be read back now
 * @image: what is written
 * @file: all its bytes, those of the core
 * @extent: how much of the slot it takes
 * @base: DfuSe, address of the first byte of the slot
 * @sectors_left: DfuSe, sectors still to be erased
 * @erase_offset: DfuSe, where to look for the next one
 */
struct dfu_write {
	bool is_going_on;
	bool is_destructive;
	bool is_verifying;
	bool needs_reset;
	struct dfu_image image;
	const u8 *file;
	u64 extent;
	u32 base;
	unsigned int sectors_left;
	u64 erase_offset;
};

/*
 * Locks, outermost first. USB's own lock of the device is outside of all of them in probe,
 * disconnect and reset.
 *
 *	dfu_devices_lock	the list of devices; their coming and going as a whole
 *	operation_lock		the conversation: one operation or work item at a time
 *	transfer_lock		one transfer at a time; held from pre_reset to post_reset
 *	lock			what changes and is looked at by everybody
 */

/**
 * struct dfu_device - a device, in whichever mode
 * @link: in the list of devices, under dfu_devices_lock
 * @place: its place in the device tree, named for its port; stays while the device is away
 * @fdev: the device that userspace sees
 * @claim: the entry of the list that names it; constant
 * @port: port path, "1-1.4"; constant
 * @serial: serial number, "" if it has none; constant
 * @num_slots: constant
 * @has_addresses: DfuSe; constant
 *
 * @lock: guards what follows up to @slots
 * @mode: where it is; also read without the lock by those who wait for it
 * @generation: counts its appearances: a conversation does not go on with a later one
 * @shown: what it shows in @mode
 * @is_expected: it left, or is about to leave, because it was told to
 * @is_gone: it will not be waited for any more
 * @gone_at: jiffies at which it is given up, while it is away
 * @is_on_trial: firmware that may crash was chosen and not confirmed
 * @running: slot it runs, or FWSLOT_NO_SLOT
 * @chosen: slot it runs next, or FWSLOT_NO_SLOT: DFU has no request for that, so it is the one that
 *	was written last
 * @slots: contents
 *
 * @transfer_lock: guards what follows up to @done
 * @interface: the interface while it is attached, else NULL
 * @urb: the one transfer; poisoned while @interface is NULL
 * @setup: its setup packet
 * @buffer: its data
 * @buffer_bytes: size of @buffer
 * @done: it is complete
 *
 * @operation_lock: guards the rest
 * @session: the conversation
 * @session_generation: the appearance it is with
 * @session_slot: the alternate setting it is with
 * @alternate: what is known of that; a copy
 * @is_uncancellable: somebody's cancelling an upload does not concern it
 * @is_visiting: it was running firmware and shall do so again when the operation is over
 * @is_lingering: @linger_work shall end the visit
 * @read: a slot that is being read
 * @write: a slot that is being written
 * @restart_work: restarts it
 * @linger_work: ends DFU mode after a read
 */
struct dfu_device {
	struct list_head link;
	struct device *place;
	struct fwslot_device *fdev;
	struct dfu_claim claim;
	char port[DFU_PORT_MAX + 1];
	char serial[FWSLOT_NAME_MAX + 1];
	unsigned int num_slots;
	bool has_addresses;

	struct mutex lock; /* see above */
	enum dfu_mode mode;
	unsigned int generation;
	struct dfu_shown shown;
	bool is_expected;
	bool is_gone;
	unsigned long gone_at;
	bool is_on_trial;
	int running;
	int chosen;
	struct dfu_slot slots[FWSLOT_SLOTS_MAX];

	struct mutex transfer_lock; /* see above */
	struct usb_interface *interface;
	struct urb *urb;
	struct usb_ctrlrequest *setup;
	u8 *buffer;
	size_t buffer_bytes;
	struct completion done;

	struct mutex operation_lock; /* see above */
	struct dfu_session session;
	unsigned int session_generation;
	unsigned int session_slot;
	struct dfu_alternate alternate;
	bool is_uncancellable;
	bool is_visiting;
	bool is_lingering;
	struct dfu_read read;
	struct dfu_write write;
	struct work_struct restart_work;
	struct delayed_work linger_work;
};

/* How much a slot of a device without addresses holds, as far as anybody says. */
static inline u64 dfu_slot_bytes(const struct dfu_device *dfu)
{
	return dfu->claim.slot_bytes ? : DFU_SLOT_BYTES_DEFAULT;
}

extern struct workqueue_struct *dfu_workqueue;
extern atomic_t dfu_num_writes; /* while not zero the machine is not suspended */

/* claims.c: which devices may be claimed */
int dfu_claims_find(const struct dfu_usb_id *id, struct dfu_claim *ret_claim);
void dfu_claims_enable(void);
void dfu_claims_exit(void);

/* attach.c: devices come and go */
int dfu_probe(struct usb_interface *interface, const struct usb_device_id *id);
void dfu_disconnect(struct usb_interface *interface);
void dfu_attach_exit(void);

/* shown.c: what a device says about itself */
int dfu_shown_read(struct usb_interface *interface, struct dfu_shown *ret_shown);
void dfu_shown_free(struct dfu_shown *shown);
void dfu_copy_text(char *to, const char *from, size_t size);

/* device.c: the joined device; dfu_devices_lock is held, except in operations */
struct dfu_device *dfu_device_create(struct usb_interface *interface, enum dfu_mode mode,
				     const struct dfu_claim *claim, struct dfu_shown *shown);
void dfu_device_destroy(struct dfu_device *dfu);
int dfu_device_arrive(struct dfu_device *dfu, struct usb_interface *interface,
		      enum dfu_mode mode, struct dfu_shown *shown);
void dfu_device_leave(struct dfu_device *dfu);

/* link.c: transfers */
extern const struct dfu_link_ops dfu_link_ops;
int dfu_link_init(struct dfu_device *dfu);
void dfu_link_free(struct dfu_device *dfu);
int dfu_link_attach(struct dfu_device *dfu, struct usb_interface *interface);
void dfu_link_detach(struct dfu_device *dfu);
int dfu_link_begin(struct dfu_device *dfu);
int dfu_link_select(struct dfu_device *dfu, unsigned int alternate);
int dfu_link_check(struct dfu_device *dfu);
void dfu_link_pause(struct dfu_device *dfu);
void dfu_link_resume(struct dfu_device *dfu);

/* mode.c: from one mode to the other; operation_lock is held */
int dfu_mode_begin(struct dfu_device *dfu, unsigned int slot, bool is_cancellable);
int dfu_mode_leave(struct dfu_device *dfu);
void dfu_mode_end_visit(struct dfu_device *dfu);
void dfu_mode_linger(struct dfu_device *dfu);
void dfu_mode_restart_work(struct work_struct *work);
void dfu_mode_linger_work(struct work_struct *work);
int dfu_mode_await_departure(struct dfu_device *dfu, unsigned int timeout_ms);
int dfu_mode_await_return(struct dfu_device *dfu, enum dfu_mode *ret_mode);
void dfu_mode_expect(struct dfu_device *dfu, bool is_expected);
enum dfu_mode dfu_mode_now(struct dfu_device *dfu);

/* provider.c, read.c, write.c: operations */
const struct fwslot_ops *dfu_provider_ops(const struct dfu_function *function, bool has_addresses);
int dfu_read_room(struct dfu_device *dfu);
int dfu_read(void *priv, unsigned int slot, u64 offset, void *data, size_t length,
	     size_t *ret_read);
int dfu_prepare(void *priv, unsigned int slot, const void *image, size_t size_bytes);
int dfu_erase(void *priv, unsigned int slot, u64 offset, u64 length, u64 *ret_erased);
int dfu_write(void *priv, unsigned int slot, u64 offset, const void *data, size_t length,
	      size_t *ret_written);
int dfu_program(void *priv, unsigned int slot);
int dfu_verify(void *priv, unsigned int slot, u64 offset, size_t length, size_t *ret_verified);
void dfu_abort(void *priv, unsigned int slot);
void dfu_write_end(struct dfu_device *dfu);

/* The device said why it failed: tell the log. Returns @error. */
int dfu_explain(struct dfu_device *dfu, const char *action, int error);

#endif /* _FWSLOT_DFU_H */
