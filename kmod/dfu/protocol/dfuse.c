// SPDX-License-Identifier: GPL-2.0
/*
 * DfuSe commands and addressed blocks.
 *
 * A device carries a command out only when it is asked for its status: the first reply says how
 * long that takes, the second how it went. Both are dfu_finish_block()'s business.
 */
#include "dfuse.h"

static int send_command(struct dfu_session *session, u8 command, u32 address, u32 poll_limit_ms)
{
	u8 bytes[5] = { command };
	int ret;

	dfu_put_le32(address, bytes + 1);
	session->block = DFUSE_COMMAND_BLOCK;
	session->poll_limit_ms = poll_limit_ms;
	ret = dfu_download_block(session, bytes, sizeof(bytes));
	session->poll_limit_ms = DFU_POLL_LIMIT_MS;
	return ret;
}

int dfuse_erase(struct dfu_session *session, u32 address)
{
	session->has_pointer = false;
	return send_command(session, DFUSE_ERASE, address, DFU_ERASE_POLL_LIMIT_MS);
}

static int set_pointer(struct dfu_session *session, u32 address)
{
	int ret = send_command(session, DFUSE_SET_ADDRESS, address, DFU_POLL_LIMIT_MS);

	session->has_pointer = !ret;
	session->pointer = address;
	session->block = DFUSE_FIRST_DATA_BLOCK;
	return ret;
}

/*
 * The address of a block is pointer + (number - 2) * wTransferSize. The number may not wrap: 0 and
 * 1 are commands, which a wrapped download would send to the device as such.
 */
static bool is_next_block(const struct dfu_session *session, u32 address)
{
	u32 distance = address - session->pointer;
	u32 number = session->block - DFUSE_FIRST_DATA_BLOCK;

	return session->has_pointer && session->block >= DFUSE_FIRST_DATA_BLOCK &&
	       (u64)number * session->function.transfer_bytes == distance;
}

int dfuse_write(struct dfu_session *session, u32 address, const void *data, u16 length)
{
	int ret;

	if (session->last.state != DFU_STATE_DNLOAD_IDLE || !is_next_block(session, address)) {
		ret = set_pointer(session, address);
		if (ret)
			return ret;
	}
	return dfu_download_block(session, data, length);
}

/* The device reads only from dfuIDLE or within an upload. */
static int begin_reading(struct dfu_session *session, u32 address)
{
	int ret = dfu_reach_idle(session);

	if (ret)
		return ret;
	ret = set_pointer(session, address);
	if (ret)
		return ret;
	ret = dfu_reach_idle(session);
	if (ret)
		return ret;
	session->has_pointer = true;
	session->block = DFUSE_FIRST_DATA_BLOCK;
	session->last.state = DFU_STATE_UPLOAD_IDLE;
	return 0;
}

int dfuse_read(struct dfu_session *session, u32 address, void *data, u16 length)
{
	u16 received;
	int ret;

	if (session->last.state != DFU_STATE_UPLOAD_IDLE || !is_next_block(session, address)) {
		ret = begin_reading(session, address);
		if (ret)
			return ret;
	}
	ret = dfu_upload_block(session, data, length, &received);
	if (ret)
		return ret;
	/* A short answer ended the upload: the device is back in dfuIDLE. */
	if (received < session->function.transfer_bytes)
		session->has_pointer = false;
	return received == length ? 0 : -EIO;
}

int dfuse_leave(struct dfu_session *session, u32 address)
{
	enum dfu_manifested manifested;
	int ret;

	ret = dfu_reach_idle(session);
	if (ret)
		return ret;
	ret = set_pointer(session, address);
	if (ret)
		return ret;
	return dfu_manifest(session, &manifested);
}
