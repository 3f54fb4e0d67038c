// SPDX-License-Identifier: GPL-2.0
/*
 * One request and its answer. An operation of the core waits here while the process works; a
 * process that says nothing is waited for FWSLOT_USER_ANSWER_TIMEOUT_S, one that keeps saying that
 * it works for FWSLOT_USER_REQUEST_TIMEOUT_S, one that is gone not at all.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "user.h"

/* Wakes the operation and the readers; user->lock is held, the device is not freed yet. */
void fwslot_user_changed_locked(struct fwslot_user *user)
{
	lockdep_assert_held(&user->lock);

	WRITE_ONCE(user->changes, user->changes + 1);
	wake_up_all(&user->wait);
	wake_up_all(fwslot_wait_queue(user->fdev));
}

/* Requests that belong to a write: somebody may cancel it. */
static bool is_cancellable(u16 type)
{
	return type >= FWSLOT_USER_INSPECT && type <= FWSLOT_USER_PROGRAM;
}

static int begin(struct fwslot_user *user, const struct fwslot_user_exchange *exchange)
{
	int ret = 0;

	mutex_lock(&user->lock);
	if (!user->is_live) {
		ret = -ENODEV;
	} else {
		user->exchange = *exchange;
		user->exchange.phase = FWSLOT_USER_QUEUED;
		if (!++user->last_id)
			user->last_id = 1;
		user->exchange.id = user->last_id;
		user->exchange.deadline = jiffies + FWSLOT_USER_ANSWER_TIMEOUT_S * HZ;
		user->exchange.last_deadline = jiffies + FWSLOT_USER_REQUEST_TIMEOUT_S * HZ;
		fwslot_user_changed_locked(user);
	}
	mutex_unlock(&user->lock);
	return ret;
}

/* Tells the process that its request is no longer wanted; user->lock is held. */
static void send_cancel(struct fwslot_user *user)
{
	user->cancel_id = user->exchange.id;
	fwslot_user_changed_locked(user);
}

/*
 * Is there anything more to wait for? user->lock is held. Return: 1 wait on; 0 answered; or why the
 * wait ends.
 */
static int judge(struct fwslot_user *user, bool *is_cancelled)
{
	struct fwslot_user_exchange *exchange = &user->exchange;
	int interruption = fwslot_interrupted(user->fdev);

	if (!user->is_live || interruption == -ENODEV)
		return -ENODEV;
	if (exchange->phase == FWSLOT_USER_ANSWERED)
		return 0;
	if (interruption && is_cancellable(exchange->type) && !*is_cancelled) {
		if (exchange->phase == FWSLOT_USER_QUEUED)
			return -ECANCELED;
		*is_cancelled = true;
		send_cancel(user);
	}
	if (time_after_eq(jiffies, exchange->deadline)) {
		if (exchange->phase == FWSLOT_USER_TAKEN)
			send_cancel(user);
		return *is_cancelled ? -ECANCELED : -ETIMEDOUT;
	}
	return 1;
}

static bool has_news(struct fwslot_user *user, unsigned int seen, bool is_cancelled)
{
	int interruption = fwslot_interrupted(user->fdev);

	return READ_ONCE(user->changes) != seen || interruption == -ENODEV ||
	       (interruption && !is_cancelled && is_cancellable(user->exchange.type));
}

static int wait_for_answer(struct fwslot_user *user)
{
	bool is_cancelled = false;
	unsigned int seen;
	long left;
	int ret;

	for (;;) {
		mutex_lock(&user->lock);
		seen = user->changes;
		ret = judge(user, &is_cancelled);
		left = user->exchange.deadline - jiffies;
		mutex_unlock(&user->lock);
		if (ret <= 0)
			return ret;
		wait_event_idle_timeout(*fwslot_wait_queue(user->fdev),
					has_news(user, seen, is_cancelled), max(left, 1L));
	}
}

/**
 * fwslot_user_ask() - have the process do something
 * @user: the open file
 * @type: what
 * @body: the details
 * @data: @body->length bytes to send along, or NULL
 * @answer: room for @body->length bytes that come back, or NULL
 * @ret_answer_size: how many did
 *
 * For the core's operations, of which there is one at a time. Return: the process's answer, or
 * -ENODEV it is gone, -ETIMEDOUT, -ECANCELED.
 */
int fwslot_user_ask(struct fwslot_user *user, u16 type, const struct fwslot_user_request *body,
		    const void *data, void *answer, size_t *ret_answer_size)
{
	const struct fwslot_user_exchange exchange = {
		.type = type, .body = *body, .data = data, .answer = answer,
	};
	int ret = begin(user, &exchange);

	if (ret)
		return ret;
	ret = wait_for_answer(user);

	mutex_lock(&user->lock);
	if (!ret) {
		ret = user->exchange.result;
		if (ret_answer_size)
			*ret_answer_size = user->exchange.answer_size;
	}
	/* From here on nobody looks at data and answer, which belong to our caller. */
	user->exchange.phase = FWSLOT_USER_IDLE;
	mutex_unlock(&user->lock);
	return ret;
}

/* The request that the process means; user->lock is held. NULL: it came too late, or never was. */
static struct fwslot_user_exchange *find_exchange(struct fwslot_user *user, u32 id)
{
	struct fwslot_user_exchange *exchange = &user->exchange;

	if (!user->is_live || exchange->phase != FWSLOT_USER_TAKEN || exchange->id != id)
		return NULL;
	return exchange;
}

/* Return: 0, -ESTALE nobody waits for it, -EMSGSIZE more or less than was asked for. */
int fwslot_user_answer(struct fwslot_user *user, const struct fwslot_user_header *header,
		       const void *body)
{
	struct fwslot_user_exchange *exchange;
	int ret = 0;

	mutex_lock(&user->lock);
	exchange = find_exchange(user, header->id);
	if (!exchange) {
		ret = -ESTALE;
	} else if (!header->result &&
		   (exchange->answer ? !header->length || header->length > exchange->body.length :
				       header->length != 0)) {
		ret = -EMSGSIZE;
	} else {
		if (header->length)
			memcpy(exchange->answer, body, header->length);
		exchange->answer_size = header->length;
		exchange->result = header->result;
		exchange->phase = FWSLOT_USER_ANSWERED;
		if (user->cancel_id == exchange->id)
			user->cancel_id = 0;
		fwslot_user_changed_locked(user);
	}
	mutex_unlock(&user->lock);
	return ret;
}

/* Return: 0, or -ESTALE nobody waits for it. */
int fwslot_user_working(struct fwslot_user *user, u32 id)
{
	struct fwslot_user_exchange *exchange;
	unsigned long deadline = jiffies + FWSLOT_USER_ANSWER_TIMEOUT_S * HZ;

	mutex_lock(&user->lock);
	exchange = find_exchange(user, id);
	if (exchange) {
		exchange->deadline = time_before(deadline, exchange->last_deadline) ?
				     deadline : exchange->last_deadline;
		fwslot_user_changed_locked(user);
	}
	mutex_unlock(&user->lock);
	return exchange ? 0 : -ESTALE;
}

bool fwslot_user_has_message(struct fwslot_user *user)
{
	bool has_message;

	mutex_lock(&user->lock);
	has_message = user->is_live &&
		      (user->cancel_id || user->exchange.phase == FWSLOT_USER_QUEUED);
	mutex_unlock(&user->lock);
	return has_message;
}

static size_t put_request(struct fwslot_user *user, size_t room)
{
	struct fwslot_user_exchange *exchange = &user->exchange;
	struct fwslot_user_header *header = user->outgoing;
	struct fwslot_user_request *body = (struct fwslot_user_request *)(header + 1);
	size_t data_size = exchange->data ? exchange->body.length : 0;
	size_t size = sizeof(*header) + sizeof(*body) + data_size;

	if (size > room)
		return 0;
	*header = (struct fwslot_user_header){
		.version = FWSLOT_USER_VERSION,
		.type = exchange->type,
		.length = sizeof(*body) + data_size,
		.id = exchange->id,
	};
	*body = exchange->body;
	if (data_size)
		memcpy(body + 1, exchange->data, data_size);
	exchange->phase = FWSLOT_USER_TAKEN;
	return size;
}

static size_t put_cancel(struct fwslot_user *user, size_t room)
{
	struct fwslot_user_header *header = user->outgoing;

	if (sizeof(*header) > room)
		return 0;
	*header = (struct fwslot_user_header){
		.version = FWSLOT_USER_VERSION,
		.type = FWSLOT_USER_CANCEL,
		.id = user->cancel_id,
	};
	user->cancel_id = 0;
	return sizeof(*header);
}

/**
 * fwslot_user_next_message() - put what the process must hear next into user->outgoing
 * @user: the open file; user->read_lock is held
 * @room: bytes the process has for it
 * @ret_error: why there is nothing: -EAGAIN nothing to say, -ENODEV no device, -EMSGSIZE no room
 *
 * A message that was put there counts as taken. Return: its size, or 0.
 */
size_t fwslot_user_next_message(struct fwslot_user *user, size_t room, int *ret_error)
{
	size_t size = 0;

	lockdep_assert_held(&user->read_lock);
	*ret_error = -EMSGSIZE;
	mutex_lock(&user->lock);
	if (!user->is_live)
		*ret_error = -ENODEV;
	else if (user->cancel_id)
		size = put_cancel(user, room);
	else if (user->exchange.phase == FWSLOT_USER_QUEUED)
		size = put_request(user, room);
	else
		*ret_error = -EAGAIN;
	mutex_unlock(&user->lock);
	return size;
}
