/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DFU's states and status codes: their words, what they mean as an error, and what to do next.
 */
#ifndef _FWSLOT_DFU_STATES_H
#define _FWSLOT_DFU_STATES_H

#include "numbers.h"
#include "portable.h"

/* What the host wants to reach. */
enum dfu_goal {
	DFU_GOAL_IDLE,		/* ready for anything, whatever went on before */
	DFU_GOAL_BLOCK_DONE,	/* the block just sent is stored */
	DFU_GOAL_MANIFESTED,	/* the whole download is in force */
	DFU_NUM_GOALS
};

/* What brings it there. */
enum dfu_step {
	DFU_STEP_FAIL,	/* it cannot be reached from here */
	DFU_STEP_DONE,
	DFU_STEP_POLL,	/* wait bwPollTimeout and ask again */
	DFU_STEP_ABORT,	/* DFU_ABORT */
	DFU_STEP_CLEAR,	/* DFU_CLRSTATUS */
	DFU_STEP_RESET,	/* only a USB reset helps */
};

/* The next step from @state, any byte a device may send. */
enum dfu_step dfu_next_step(enum dfu_goal goal, u8 state);

/* The name in the standard, "dfuIDLE"; "unknown state" for other numbers. */
const char *dfu_state_word(u8 state);

/* The name in the standard, "errWRITE"; "unknown status" for other numbers. */
const char *dfu_status_word(u8 status);

/* What it means, for people: "the device could not write its memory". */
const char *dfu_status_sentence(u8 status);

/* The errno that stands for it in struct fwslot_ops; 0 only for DFU_STATUS_OK. */
int dfu_status_errno(u8 status);

#endif /* _FWSLOT_DFU_STATES_H */
