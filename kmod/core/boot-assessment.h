/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Boot assessment: what a boot, an activation or a confirmation does to the boot record of a
 * device.
 *
 * Pure decisions, no I/O, no locks, no kernel headers but types: also compiled into a unit test.
 */
#ifndef _FWSLOT_BOOT_ASSESSMENT_H
#define _FWSLOT_BOOT_ASSESSMENT_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#include "../include/uapi/fwslot_netlink.h"

#ifndef FWSLOT_NO_SLOT
#define FWSLOT_NO_SLOT		(-1)
#define FWSLOT_BOOT_LIMIT_MAX	255
#endif

/* What the next boot of fwslot_boot.next begins. */
enum fwslot_pending {
	FWSLOT_PENDING_NONE,		/* just a restart of what runs */
	FWSLOT_PENDING_TRIAL,
	FWSLOT_PENDING_PERMANENT,
};

/**
 * struct fwslot_boot - the boot record of a device
 * @total: boots ever seen; never decreases
 * @state: is the running firmware known to be good?
 * @running: slot the device runs from
 * @next: slot it boots from at the next restart
 * @fallback: slot the running trial goes back to; FWSLOT_NO_SLOT outside of trials
 * @pending: what the boot of @next begins
 * @limit: attempts a trial has, 1..FWSLOT_BOOT_LIMIT_MAX
 * @attempts: boots of the running trial so far
 * @is_going_back: the device was asked to go back; it is asked once
 * @last_restart_reason: why the device booted last
 */
struct fwslot_boot {
	__u64 total;
	enum fwslot_boot_state state;
	int running;
	int next;
	int fallback;
	enum fwslot_pending pending;
	unsigned int limit;
	unsigned int attempts;
	bool is_going_back;
	enum fwslot_restart_reason last_restart_reason;
};

/**
 * struct fwslot_boot_outcome - what follows from a boot, beyond the new record
 * @must_go_back: ask the device to go back to &fwslot_boot.fallback
 * @has_fallen_back: the device runs its previous firmware again
 * @failed_slot: slot whose image failed, or FWSLOT_NO_SLOT
 */
struct fwslot_boot_outcome {
	bool must_go_back;
	bool has_fallen_back;
	int failed_slot;
};

/**
 * fwslot_boot_assess() - the device starts from @slot
 * @boot: record, updated
 * @slot: slot index or FWSLOT_NO_SLOT
 * @reason: why it restarted
 *
 * Return: what else must happen.
 */
struct fwslot_boot_outcome fwslot_boot_assess(struct fwslot_boot *boot, int slot,
					      enum fwslot_restart_reason reason);

/**
 * fwslot_boot_activate() - boot from @slot at the next restart
 * @boot: record, updated on success
 * @slot: slot index
 * @is_permanent: begin no trial
 * @is_new: @slot holds an image that has not run since it was written
 *
 * On the slot that runs already (and is not @is_new) there is nothing to boot: with boot state
 * unknown it hands back what was known before (trial or confirmed), otherwise "permanent" withdraws
 * a pending activation.
 *
 * Return: 0, or -ETXTBSY to begin a trial of running firmware that is on trial or confirmed
 * already.
 */
int fwslot_boot_activate(struct fwslot_boot *boot, int slot, bool is_permanent, bool is_new);

/**
 * fwslot_boot_withdraw() - the image in @slot goes away: nothing may wait to boot it
 * @boot: record, updated
 * @slot: slot index
 *
 * Return: true if an activation was withdrawn.
 */
bool fwslot_boot_withdraw(struct fwslot_boot *boot, int slot);

/**
 * fwslot_boot_forget_running() - what runs was replaced by what nobody has chosen yet
 * @boot: record, updated
 *
 * The next boot is then one of firmware of which nothing is known: its state is "unknown".
 */
void fwslot_boot_forget_running(struct fwslot_boot *boot);

/**
 * fwslot_boot_confirm() - the running firmware is good
 * @boot: record, updated on success
 *
 * Return: 0, or -ENOENT if no trial runs.
 */
int fwslot_boot_confirm(struct fwslot_boot *boot);

/**
 * fwslot_boot_set_limit() - attempts a trial has
 * @boot: record, updated on success
 * @limit: 1..FWSLOT_BOOT_LIMIT_MAX
 *
 * Return: 0, -ERANGE, or -EBUSY if the running trial has had more already.
 */
int fwslot_boot_set_limit(struct fwslot_boot *boot, unsigned int limit);

/**
 * fwslot_boot_set_attempts() - hand back attempts that the device forgot
 * @boot: record, updated on success
 * @attempts: at least what is counted already
 *
 * Return: 0, -EPERM if neither unknown nor on trial, -EINVAL to lower it, -ERANGE above the limit.
 */
int fwslot_boot_set_attempts(struct fwslot_boot *boot, unsigned int attempts);

/* Attempts the running or the next trial still has. */
unsigned int fwslot_boot_attempts_left(const struct fwslot_boot *boot);

/**
 * fwslot_boot_slot_state() - what userspace is told of a slot
 * @boot: record
 * @slot: slot index
 * @content: what the slot holds: unknown, empty, partial, valid or invalid
 * @is_new: it holds an image that has not run since it was written
 */
enum fwslot_slot_state fwslot_boot_slot_state(const struct fwslot_boot *boot, int slot,
					      enum fwslot_slot_state content, bool is_new);

#endif /* _FWSLOT_BOOT_ASSESSMENT_H */
