/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What slots, trial and fallback mean for a device with MCUboot: translates its flags into the
 * words of fwslot. Pure; the table of it is in view.c, in docs, and tested row by row.
 *
 * A device that swaps always runs slot 0: an update is written to slot 1, and at the restart the
 * two images change places. So the slot stays and the image moves: which image runs is told by the
 * slot's version and digest.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fwslot_user.h"
#include "smp/answer.h"
#include "smp/memory.h"

#define SMP_VIEW_SLOTS_MAX 2
/* MCUboot gives new firmware one boot to be confirmed in. */
#define SMP_TRIAL_LIMIT 1

/* What is fixed while the device is connected. */
struct smp_layout {
	unsigned image; /* the one of the device's images that this program looks after */
	unsigned num_slots;
	struct {
		uint64_t size_bytes; /* of the slot */
		uint64_t image_size_max; /* what of it an image may fill */
		int upload_image; /* "image" of an upload that goes here; -1: say nothing */
		bool is_size_known;
		bool is_upload_told; /* the device said whether an upload goes here */
		bool is_writable; /* ... and it does (or nothing was said) */
	} slots[SMP_VIEW_SLOTS_MAX];
};

/* What changes. */
struct smp_view {
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[SMP_VIEW_SLOTS_MAX];
	bool is_recovery; /* the boot loader itself answers: nothing runs */
};

/*
 * The size of slots that the device does not tell (SMP_IMAGE_SLOTS is not supported): large enough
 * for every device; the device itself refuses what does not fit.
 */
#define SMP_SLOT_SIZE_UNKNOWN (16 * 1024 * 1024)

/* @slots may be NULL: the device cannot tell. */
void smp_layout_make(const struct smp_slot_list *slots, unsigned image, struct smp_layout *ret);

/* @reason: why the device restarted last. */
void smp_view_make(const struct smp_layout *layout, const struct smp_image_list *images,
		   const struct smp_memory *memory, enum fwslot_restart_reason reason,
		   struct smp_view *ret);

/* The slot that runs, or -1. */
int smp_view_running(const struct smp_view *view);

/*
 * Can @slot be written now? 0, -ETXTBSY: it runs; -EBUSY: it is needed to go back or is pending,
 * and the device would refuse; -EROFS: uploads never go there.
 */
int smp_view_check_writable(const struct smp_layout *layout, const struct smp_view *view,
			    unsigned slot);
