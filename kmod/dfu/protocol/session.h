/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A conversation with a device in DFU mode: status, patience, recovery, blocks down and up.
 *
 * It reaches the device only through struct dfu_link_ops and keeps no lock: the caller has one
 * conversation with a device at a time.
 */
#ifndef _FWSLOT_DFU_SESSION_H
#define _FWSLOT_DFU_SESSION_H

#include "descriptor.h"
#include "states.h"

/* A device may ask for 4.6 hours between two questions: more than this is not granted. */
#define DFU_POLL_LIMIT_MS	30000
#define DFU_ERASE_POLL_LIMIT_MS	35000
/* How long one block, command or manifestation may keep a device busy altogether. */
#define DFU_BUSY_LIMIT_MS	120000

/* The same after an operation that failed or was cancelled, for whose end somebody waits. */
#define DFU_TIDY_LIMIT_MS	2000
/* Requests that recovery may need; the longest sensible way is five. */
#define DFU_RECOVERY_STEPS_MAX	20
/* A busy device that asks for no wait is polled so often at once, then once a millisecond. */
#define DFU_EAGER_POLLS_MAX	16

/**
 * struct dfu_link_ops - how to reach a device
 * @send: a class request to the interface with @length bytes; returns how many went out
 * @receive: the same the other way; returns how many came, may be fewer
 * @wait: sleep so long; returns 0, or a negative errno if the conversation shall end
 * @now_us: a clock that never goes back
 *
 * Negative errno of @send and @receive: -EPIPE for a stall, -ENODEV if the device is gone,
 * -ETIMEDOUT if it does not answer; others for a bad line.
 */
struct dfu_link_ops {
	int (*send)(void *link, u8 request, u16 value, const void *data, u16 length);
	int (*receive)(void *link, u8 request, u16 value, void *data, u16 length);
	int (*wait)(void *link, u32 duration_us);
	u64 (*now_us)(void *link);
};

/* A reply to DFU_GETSTATUS. */
struct dfu_status {
	u8 status;
	u8 state;
	u32 poll_timeout_ms;
};

/**
 * struct dfu_session - a conversation
 * @ops: how to reach the device
 * @link: for @ops
 * @function: what the device can do
 * @last: its last status reply
 * @silent_until_us: it asked for no DFU_GETSTATUS before
 * @poll_limit_ms: the longest wait it is granted between two questions
 * @busy_limit_ms: how long it may be busy with one request
 * @block: number of the next block
 * @pointer: DfuSe, address of block DFUSE_FIRST_DATA_BLOCK
 * @has_pointer: @pointer was set and @block counts from it
 */
struct dfu_session {
	const struct dfu_link_ops *ops;
	void *link;
	struct dfu_function function;

	struct dfu_status last;
	u64 silent_until_us;
	u32 poll_limit_ms;
	u32 busy_limit_ms;
	u16 block;
	u32 pointer;
	bool has_pointer;
};

/* How a manifestation ends. */
enum dfu_manifested {
	DFU_MANIFESTED_IDLE,		/* the device is in dfuIDLE and answers */
	DFU_MANIFESTED_NEEDS_RESET,	/* it waits for a USB reset and may not answer before */
	DFU_MANIFESTED_IS_GONE,		/* it left the bus: it restarts, or was unplugged */
};

/* Begins a conversation; asks nothing yet. */
void dfu_session_init(struct dfu_session *session, const struct dfu_link_ops *ops, void *link,
		      const struct dfu_function *function);

/**
 * dfu_get_status() - ask for the status, not before the device wants to be asked
 * @session: conversation; its @last is filled
 *
 * Return: 0, a negative errno of the link, or -EPROTO for a reply of the wrong length.
 */
int dfu_get_status(struct dfu_session *session);

/**
 * dfu_reach_idle() - bring the device to dfuIDLE from wherever it was left
 * @session: conversation; its @block starts over
 *
 * Return: 0; -ECONNRESET if only a USB reset helps; -EPROTO if the device will not go there;
 * -ETIMEDOUT if it stays busy.
 */
int dfu_reach_idle(struct dfu_session *session);

/**
 * dfu_download_block() - send the next block and wait until it is stored
 * @session: conversation; its @block is the number, counted up on success
 * @data: contents
 * @length: 0..transfer size
 *
 * Return: 0, or a negative errno: of the device's status code if it said why.
 */
int dfu_download_block(struct dfu_session *session, const void *data, u16 length);

/**
 * dfu_manifest() - say that the image is complete and wait until it is in force
 * @session: conversation in dfuDNLOAD-IDLE
 * @ret_manifested: set on success
 *
 * Return: 0 or a negative errno as dfu_download_block().
 */
int dfu_manifest(struct dfu_session *session, enum dfu_manifested *ret_manifested);

/**
 * dfu_upload_block() - fetch the next block
 * @session: conversation; its @block is the number, counted up on success
 * @data: room for @length bytes
 * @length: at most the transfer size; only the last block may be asked for in part
 * @ret_length: bytes that came; fewer than @length at the end of the image
 *
 * Return: 0 or a negative errno as dfu_download_block().
 */
int dfu_upload_block(struct dfu_session *session, void *data, u16 length, u16 *ret_length);

/* The device stalled a request: fetch the reason. Return: always a negative errno. */
int dfu_stall_reason(struct dfu_session *session);

/**
 * dfu_finish_block() - wait until what was sent is stored or carried out
 * @session: conversation after a DFU_DNLOAD
 *
 * Return: 0 in dfuDNLOAD-IDLE, or a negative errno as dfu_download_block().
 */
int dfu_finish_block(struct dfu_session *session);

#endif /* _FWSLOT_DFU_SESSION_H */
