/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DfuSe: a conversation in which blocks have addresses (AN3156).
 */
#ifndef _FWSLOT_DFU_DFUSE_H
#define _FWSLOT_DFU_DFUSE_H

#include "layout.h"
#include "session.h"

/* Erases the sector that holds @address. Return: 0 or a negative errno as dfu_download_block(). */
int dfuse_erase(struct dfu_session *session, u32 address);

/**
 * dfuse_write() - write @length bytes at @address
 * @session: conversation in dfuIDLE or dfuDNLOAD-IDLE
 * @address: first byte
 * @data: contents
 * @length: 1..block size
 *
 * Consecutive full blocks need no address of their own.
 *
 * Return: 0 or a negative errno as dfu_download_block().
 */
int dfuse_write(struct dfu_session *session, u32 address, const void *data, u16 length);

/**
 * dfuse_read() - read @length bytes at @address
 * @session: conversation in dfuIDLE, dfuDNLOAD-IDLE or dfuUPLOAD-IDLE
 * @address: first byte
 * @data: room for @length bytes
 * @length: 1..block size
 *
 * Return: 0, -EIO if fewer bytes came, or a negative errno as dfu_download_block().
 */
int dfuse_read(struct dfu_session *session, u32 address, void *data, u16 length);

/**
 * dfuse_leave() - start the firmware at @address
 * @session: conversation in any state that dfu_reach_idle() can leave
 * @address: of the firmware
 *
 * Return: 0 if the device went (or is about to), or a negative errno.
 */
int dfuse_leave(struct dfu_session *session, u32 address);

#endif /* _FWSLOT_DFU_DFUSE_H */
