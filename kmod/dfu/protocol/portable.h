/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few types and helpers that let this folder be compiled into the module and into userspace
 * tests alike. Nothing in this folder includes a kernel header except through this file.
 */
#ifndef _FWSLOT_DFU_PORTABLE_H
#define _FWSLOT_DFU_PORTABLE_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
#endif

/* USB and DFU files are little endian; @bytes need not be aligned. */
static inline u16 dfu_get_le16(const u8 *bytes)
{
	return bytes[0] | bytes[1] << 8;
}

static inline u32 dfu_get_le24(const u8 *bytes)
{
	return dfu_get_le16(bytes) | (u32)bytes[2] << 16;
}

static inline u32 dfu_get_le32(const u8 *bytes)
{
	return dfu_get_le24(bytes) | (u32)bytes[3] << 24;
}

static inline void dfu_put_le32(u32 value, u8 *bytes)
{
	bytes[0] = value;
	bytes[1] = value >> 8;
	bytes[2] = value >> 16;
	bytes[3] = value >> 24;
}

static inline u64 dfu_smaller(u64 a, u64 b)
{
	return a < b ? a : b;
}

#endif /* _FWSLOT_DFU_PORTABLE_H */
