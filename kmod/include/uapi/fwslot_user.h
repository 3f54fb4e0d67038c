/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/fwslot: a process provides a device.
 *
 * One read() returns one message, one write() gives one. Each message is the header below and a
 * body of header.length bytes. Every field has its natural alignment, no structure has hidden
 * padding, and the layout is the same for 32-bit and 64-bit programs; integers are in the machine's
 * byte order. Texts end with a NUL within their array.
 *
 * A process opens /dev/fwslot, writes CREATE, and from then on reads requests and writes one ANSWER
 * to each, in time. It writes STATE whenever what the device says of itself changed, and BOOTED for
 * each start of the device. When it closes the file, or dies, the device is gone.
 *
 * Documentation/user.rst tells the whole story, with an example.
 */
#ifndef _UAPI_FWSLOT_USER_H
#define _UAPI_FWSLOT_USER_H

#include <linux/types.h>

/* enum fwslot_slot_state, fwslot_boot_state, fwslot_restart_reason */
#include "fwslot_netlink.h"

/* In every message. The kernel refuses any other with -EPROTONOSUPPORT. */
#define FWSLOT_USER_VERSION		1

/* Limits. */
#define FWSLOT_USER_SLOTS_MAX		32
#define FWSLOT_USER_TRANSFER_DEFAULT	4096	/* bytes of an image in one message */
#define FWSLOT_USER_TRANSFER_MIN	64
#define FWSLOT_USER_TRANSFER_MAX	65536
#define FWSLOT_USER_DEVICES_MAX		64	/* that processes provide at a time */
/* A request must be answered, or reported on (WORKING), within this time ... */
#define FWSLOT_USER_ANSWER_TIMEOUT_S	10
/* ... and must end within this time in any case. */
#define FWSLOT_USER_REQUEST_TIMEOUT_S	600

/* Sizes of text fields, with the NUL. */
#define FWSLOT_USER_NAME_SIZE		128
#define FWSLOT_USER_HARDWARE_ID_SIZE	260
#define FWSLOT_USER_VERSION_SIZE	64
#define FWSLOT_USER_DIGEST_SIZE		32

/**
 * struct fwslot_user_header - begins each message
 * @version: FWSLOT_USER_VERSION
 * @type: enum fwslot_user_type
 * @length: bytes of the body
 * @id: number of a request, never 0; repeated in its ANSWER and WORKING. 0 in all other messages
 * @result: in an ANSWER: 0, or a negative errno (see enum fwslot_user_type). 0 in all others
 */
struct fwslot_user_header {
	__u16 version;
	__u16 type;
	__u32 length;
	__u32 id;
	__s32 result;
};

/**
 * enum fwslot_user_type - kinds of messages
 *
 * From the process:
 * @FWSLOT_USER_CREATE: struct fwslot_user_create and @num_slots of struct fwslot_user_slot. The
 *	device is there when write() returns.
 * @FWSLOT_USER_DESTROY: no body. The device is gone when write() returns; another CREATE may
 *	follow.
 * @FWSLOT_USER_STATE: struct fwslot_user_boot and @num_slots of struct fwslot_user_content: what
 *	the device now says of itself.
 * @FWSLOT_USER_BOOTED: struct fwslot_user_booted: the device starts.
 * @FWSLOT_USER_ANSWER: to a request; for READ with the bytes (1 to as many as were asked for), else
 *	without a body. The errno becomes the word that userspace reads: -EPROTO hw-error,
 *	-ETIMEDOUT timeout, -ECANCELED user-abort, -EBUSY device-busy, -EFBIG invalid-file-size,
 *	-EIO read-write-error, -EUCLEAN flash-wearout, -EBADMSG firmware-invalid, -EMEDIUMTYPE
 *	wrong-device, anything else hw-error.
 * @FWSLOT_USER_WORKING: no body. The request is still being worked on: its time starts anew.
 *
 * To the process: requests, each with struct fwslot_user_request, to be answered. Which of them
 * come is said by enum fwslot_user_ability. There is never more than one unanswered request.
 * @FWSLOT_USER_INSPECT: the next @length bytes of an image of @total bytes that is going to be
 *	written to @slot follow; nothing was changed yet, and a refusal changes nothing.
 * @FWSLOT_USER_PREPARE: @total bytes are going to be written to @slot.
 * @FWSLOT_USER_ERASE: erase the blocks that hold @length bytes from @offset: after a PREPARE for
 *	the image to come, otherwise the whole slot because somebody wants it empty.
 * @FWSLOT_USER_WRITE: write the @length bytes that follow at @offset; always in sequence from 0.
 * @FWSLOT_USER_PROGRAM: all @total bytes were written: finish and check what can be checked.
 * @FWSLOT_USER_ABORT: the write that began with PREPARE failed or was cancelled. The result is
 *	ignored.
 * @FWSLOT_USER_READ: read up to @length bytes from @offset.
 * @FWSLOT_USER_ACTIVATE: boot from @slot at the next restart; FWSLOT_USER_PERMANENT in @flags or
 *	not.
 * @FWSLOT_USER_CONFIRM: the running firmware is good.
 * @FWSLOT_USER_GO_BACK: boot from @slot and restart into it at once; answer before it is back.
 * @FWSLOT_USER_RESTART: restart; answer before it is back, and write BOOTED when it is.
 *
 * To the process, not to be answered:
 * @FWSLOT_USER_CANCEL: no body. Request @id is no longer wanted (somebody cancelled, or it timed
 *	out). If it was not answered yet, answer it as soon as possible; -ECANCELED if it was given
 *	up.
 */
enum fwslot_user_type {
	FWSLOT_USER_CREATE = 1,
	FWSLOT_USER_DESTROY,
	FWSLOT_USER_STATE,
	FWSLOT_USER_BOOTED,
	FWSLOT_USER_ANSWER,
	FWSLOT_USER_WORKING,

	FWSLOT_USER_INSPECT = 64,
	FWSLOT_USER_PREPARE,
	FWSLOT_USER_ERASE,
	FWSLOT_USER_WRITE,
	FWSLOT_USER_PROGRAM,
	FWSLOT_USER_ABORT,
	FWSLOT_USER_READ,
	FWSLOT_USER_ACTIVATE,
	FWSLOT_USER_CONFIRM,
	FWSLOT_USER_GO_BACK,
	FWSLOT_USER_RESTART,

	FWSLOT_USER_CANCEL = 128,
};

/**
 * enum fwslot_user_ability - what a device can do; an absent ability is hidden from userspace
 * @FWSLOT_USER_CAN_WRITE: slots can be written: PREPARE, WRITE, ABORT
 * @FWSLOT_USER_CAN_INSPECT: wants to see an image before it is written: INSPECT
 * @FWSLOT_USER_CAN_ERASE: ERASE, before a write and by itself
 * @FWSLOT_USER_CAN_PROGRAM: PROGRAM, after a write
 * @FWSLOT_USER_CAN_READ: READ
 * @FWSLOT_USER_CAN_BOOT: knows which slot it boots from: BOOTED, the boot/ directory, GO_BACK
 * @FWSLOT_USER_CAN_ACTIVATE: ACTIVATE; comes with FWSLOT_USER_CAN_BOOT, and not without
 * @FWSLOT_USER_CAN_CONFIRM: CONFIRM
 * @FWSLOT_USER_CAN_RESTART: RESTART
 * @FWSLOT_USER_ASSESSES_ITSELF: its own boot loader counts attempts and goes back (MCUboot): the
 *	kernel shows what STATE says and never counts, and GO_BACK does not come. Needs
 *	_CAN_CONFIRM.
 * @FWSLOT_USER_READS_IN_SEQUENCE: READ works only from offset 0 upwards
 * @FWSLOT_USER_PROGRAMS_FIRST: what was written can be read back only after PROGRAM
 */
enum fwslot_user_ability {
	FWSLOT_USER_CAN_WRITE		= 1 << 0,
	FWSLOT_USER_CAN_INSPECT		= 1 << 1,
	FWSLOT_USER_CAN_ERASE		= 1 << 2,
	FWSLOT_USER_CAN_PROGRAM		= 1 << 3,
	FWSLOT_USER_CAN_READ		= 1 << 4,
	FWSLOT_USER_CAN_BOOT		= 1 << 5,
	FWSLOT_USER_CAN_ACTIVATE	= 1 << 6,
	FWSLOT_USER_CAN_CONFIRM		= 1 << 7,
	FWSLOT_USER_CAN_RESTART		= 1 << 8,
	FWSLOT_USER_ASSESSES_ITSELF	= 1 << 16,
	FWSLOT_USER_READS_IN_SEQUENCE	= 1 << 17,
	FWSLOT_USER_PROGRAMS_FIRST	= 1 << 18,
};

/**
 * struct fwslot_user_boot - what the device remembers of its boots
 * @state: enum fwslot_boot_state
 * @running_slot: index, or -1 if unknown
 * @next_slot: index, or -1 if unknown
 * @fallback_slot: index, or -1 if there is none
 * @limit: attempts a trial has, 1 to 255
 * @attempts: boots of the running trial so far, at most @limit
 * @last_restart_reason: enum fwslot_restart_reason
 * @reserved: 0
 *
 * Ignored without FWSLOT_USER_CAN_BOOT. Of a device that does not assess itself it is looked at in
 * CREATE only: afterwards the kernel counts.
 */
struct fwslot_user_boot {
	__u32 state;
	__s32 running_slot;
	__s32 next_slot;
	__s32 fallback_slot;
	__u32 limit;
	__u32 attempts;
	__u32 last_restart_reason;
	__u32 reserved;
};

/* In fwslot_user_content.flags. */
#define FWSLOT_USER_HAS_DIGEST		0x1

/**
 * struct fwslot_user_content - what is in a slot
 * @state: enum fwslot_slot_state; pending, trial and confirmed only from a device that assesses
 *	itself
 * @flags: FWSLOT_USER_HAS_DIGEST or 0
 * @image_size: bytes of the image, 0 if unknown
 * @version: of the image, "" if unknown
 * @digest: SHA-256 of the image's bytes as they were written, if FWSLOT_USER_HAS_DIGEST; the kernel
 *	finds it out itself when it writes a slot, so this is for what was there before, and for
 *	devices that move images between slots
 */
struct fwslot_user_content {
	__u32 state;
	__u32 flags;
	__u64 image_size;
	char version[FWSLOT_USER_VERSION_SIZE];
	__u8 digest[FWSLOT_USER_DIGEST_SIZE];
};

/* In fwslot_user_slot.flags. */
#define FWSLOT_USER_READ_ONLY		0x1

/**
 * struct fwslot_user_slot - a slot
 * @label: what the vendor calls it
 * @size: capacity in bytes
 * @flags: FWSLOT_USER_READ_ONLY or 0
 * @reserved: 0
 * @content: what is in it
 */
struct fwslot_user_slot {
	char label[FWSLOT_USER_NAME_SIZE];
	__u64 size;
	__u32 flags;
	__u32 reserved;
	struct fwslot_user_content content;
};

/**
 * struct fwslot_user_create - body of CREATE; the slots follow
 * @abilities: of enum fwslot_user_ability
 * @num_slots: 1 to FWSLOT_USER_SLOTS_MAX
 * @transfer_size: bytes of an image in one message, FWSLOT_USER_TRANSFER_MIN to _MAX; 0: _DEFAULT
 * @reserved: 0
 * @name: for people
 * @hardware_id: "vendor/model[/rev[/sku]]"
 * @serial: what tells this device from another of the same hardware id; "" if there is nothing
 * @boot: how its boots stand
 */
struct fwslot_user_create {
	__u32 abilities;
	__u32 num_slots;
	__u32 transfer_size;
	__u32 reserved;
	char name[FWSLOT_USER_NAME_SIZE];
	char hardware_id[FWSLOT_USER_HARDWARE_ID_SIZE];
	char serial[FWSLOT_USER_NAME_SIZE];
	__u32 reserved2;
	struct fwslot_user_boot boot;
};

/**
 * struct fwslot_user_booted - body of BOOTED
 * @slot: it starts from, or -1 if it found nothing to start
 * @reason: enum fwslot_restart_reason: why it restarted
 */
struct fwslot_user_booted {
	__s32 slot;
	__u32 reason;
};

/* In fwslot_user_request.flags. */
#define FWSLOT_USER_PERMANENT		0x1

/**
 * struct fwslot_user_request - body of requests; bytes of an image follow in INSPECT and WRITE
 * @slot: which slot; 0 in CONFIRM and RESTART
 * @flags: FWSLOT_USER_PERMANENT or 0
 * @offset: where in the slot or image
 * @length: how many bytes
 * @total: size of the whole image
 */
struct fwslot_user_request {
	__u32 slot;
	__u32 flags;
	__u64 offset;
	__u64 length;
	__u64 total;
};

#endif /* _UAPI_FWSLOT_USER_H */
