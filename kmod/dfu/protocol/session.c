// SPDX-License-Identifier: GPL-2.0
/*
 * The conversation with a DFU device (DFU 1.1 chapters 6, 7 and annex A).
 *
 * Nothing a device answers is believed further than it can be used: states and codes are looked up
 * in tables, lengths are compared, waits are clamped, and every loop has a limit.
 */
#include "session.h"

void dfu_session_init(struct dfu_session *session, const struct dfu_link_ops *ops, void *link,
		      const struct dfu_function *function)
{
	*session = (struct dfu_session) {
		.ops = ops,
		.link = link,
		.function = *function,
		.last = { .state = DFU_STATE_IDLE },
		.poll_limit_ms = DFU_POLL_LIMIT_MS,
		.busy_limit_ms = DFU_BUSY_LIMIT_MS,
	};
}

int dfu_get_status(struct dfu_session *session)
{
	u64 now_us = session->ops->now_us(session->link);
	u8 reply[DFU_STATUS_REPLY_BYTES];
	int ret;

	if (now_us < session->silent_until_us) {
		ret = session->ops->wait(session->link, session->silent_until_us - now_us);
		if (ret)
			return ret;
	}
	session->silent_until_us = 0;
	ret = session->ops->receive(session->link, DFU_GETSTATUS, 0, reply, sizeof(reply));
	if (ret < 0)
		return ret;
	if (ret != sizeof(reply))
		return -EPROTO;

	session->last.status = reply[0];
	session->last.poll_timeout_ms = dfu_get_le24(reply + 1);
	session->last.state = reply[4];
	if (session->last.poll_timeout_ms)
		session->silent_until_us =
			session->ops->now_us(session->link) +
			1000ULL * dfu_smaller(session->last.poll_timeout_ms,
					      session->poll_limit_ms);
	return 0;
}

/* The error the device reports; when it reports none it broke the protocol. */
static int reported_error(const struct dfu_session *session)
{
	int error = dfu_status_errno(session->last.status);

	return error ? error : -EPROTO;
}

int dfu_stall_reason(struct dfu_session *session)
{
	int ret = dfu_get_status(session);

	return ret ? ret : reported_error(session);
}

/**
 * struct patience - keeps a loop of questions within limits
 * @until_us: not longer
 * @eager_polls: questions without a wait between them
 */
struct patience {
	u64 until_us;
	unsigned int eager_polls;
};

static struct patience begin_patience(struct dfu_session *session)
{
	return (struct patience) {
		.until_us = session->ops->now_us(session->link) + 1000ULL * session->busy_limit_ms,
	};
}

/* Before a busy device is asked again. Return: 0 or a negative errno. */
static int be_patient(struct dfu_session *session, struct patience *patience)
{
	if (session->ops->now_us(session->link) >= patience->until_us)
		return -ETIMEDOUT;
	if (session->last.poll_timeout_ms || ++patience->eager_polls <= DFU_EAGER_POLLS_MAX)
		return 0;
	return session->ops->wait(session->link, 1000);
}

/* A device that stalls DFU_ABORT or DFU_CLRSTATUS says with its next status where it is. */
static int send_recovery(struct dfu_session *session, u8 request)
{
	int ret = session->ops->send(session->link, request, 0, NULL, 0);

	return ret < 0 && ret != -EPIPE ? ret : 0;
}

int dfu_reach_idle(struct dfu_session *session)
{
	struct patience patience = begin_patience(session);
	unsigned int steps = 0;
	int ret;

	session->block = 0;
	session->has_pointer = false;
	while (steps < DFU_RECOVERY_STEPS_MAX) {
		ret = dfu_get_status(session);
		if (ret)
			return ret == -EPIPE ? -EPROTO : ret;
		switch (dfu_next_step(DFU_GOAL_IDLE, session->last.state)) {
		case DFU_STEP_DONE:
			return 0;
		case DFU_STEP_POLL:
			ret = be_patient(session, &patience);
			break;
		case DFU_STEP_ABORT:
			steps++;
			ret = send_recovery(session, DFU_ABORT);
			break;
		case DFU_STEP_CLEAR:
			steps++;
			ret = send_recovery(session, DFU_CLRSTATUS);
			break;
		case DFU_STEP_RESET:
			return -ECONNRESET;
		case DFU_STEP_FAIL:
			return -EPROTO;
		}
		if (ret)
			return ret;
	}
	return -EPROTO;
}

int dfu_finish_block(struct dfu_session *session)
{
	struct patience patience = begin_patience(session);
	int ret;

	for (;;) {
		ret = dfu_get_status(session);
		if (ret)
			return ret == -EPIPE ? -EPROTO : ret;
		if (session->last.status != DFU_STATUS_OK)
			return reported_error(session);
		switch (dfu_next_step(DFU_GOAL_BLOCK_DONE, session->last.state)) {
		case DFU_STEP_DONE:
			return 0;
		case DFU_STEP_POLL:
			ret = be_patient(session, &patience);
			if (ret)
				return ret;
			break;
		default:
			return reported_error(session);
		}
	}
}

int dfu_download_block(struct dfu_session *session, const void *data, u16 length)
{
	int ret = session->ops->send(session->link, DFU_DNLOAD, session->block, data, length);

	if (ret == -EPIPE)
		return dfu_stall_reason(session);
	if (ret < 0)
		return ret;
	if (ret != length)
		return -EIO;
	ret = dfu_finish_block(session);
	if (ret)
		return ret;
	session->block++;
	return 0;
}

/* Errors that a device makes by leaving the bus in the middle of a request. */
static bool is_absence(int error)
{
	return error == -ENODEV || error == -EPROTO || error == -EILSEQ || error == -ESHUTDOWN;
}

/*
 * A device that is not tolerant stops answering once it manifests: after the time it asked for it
 * is reset, not asked. One that resets itself is gone by then.
 */
static int await_manifestation(struct dfu_session *session, enum dfu_manifested *ret_manifested)
{
	struct patience patience = begin_patience(session);
	bool is_tolerant = session->function.is_manifestation_tolerant;
	int ret;

	for (;;) {
		ret = dfu_get_status(session);
		if (ret && is_absence(ret)) {
			*ret_manifested = DFU_MANIFESTED_IS_GONE;
			return 0;
		}
		if (ret)
			return ret == -EPIPE ? -EPROTO : ret;
		if (session->last.status != DFU_STATUS_OK)
			return reported_error(session);

		switch (dfu_next_step(DFU_GOAL_MANIFESTED, session->last.state)) {
		case DFU_STEP_DONE:
			*ret_manifested = DFU_MANIFESTED_IDLE;
			return 0;
		case DFU_STEP_RESET:
			*ret_manifested = DFU_MANIFESTED_NEEDS_RESET;
			return 0;
		case DFU_STEP_POLL:
			break;
		default:
			return reported_error(session);
		}
		if (session->last.state == DFU_STATE_MANIFEST && !is_tolerant) {
			ret = session->ops->wait(session->link,
						 1000 * dfu_smaller(session->last.poll_timeout_ms,
								    session->poll_limit_ms));
			*ret_manifested = ret == -ENODEV ? DFU_MANIFESTED_IS_GONE :
							   DFU_MANIFESTED_NEEDS_RESET;
			return ret == -ENODEV ? 0 : ret;
		}
		ret = be_patient(session, &patience);
		if (ret)
			return ret;
	}
}

int dfu_manifest(struct dfu_session *session, enum dfu_manifested *ret_manifested)
{
	int ret = session->ops->send(session->link, DFU_DNLOAD, session->block, NULL, 0);

	if (ret == -EPIPE)
		return dfu_stall_reason(session);
	if (ret < 0)
		return ret;
	return await_manifestation(session, ret_manifested);
}

int dfu_upload_block(struct dfu_session *session, void *data, u16 length, u16 *ret_length)
{
	int ret = session->ops->receive(session->link, DFU_UPLOAD, session->block, data, length);

	if (ret == -EPIPE)
		return dfu_stall_reason(session);
	if (ret < 0)
		return ret;
	if (ret > length)
		return -EIO;
	session->block++;
	*ret_length = ret;
	return 0;
}
