/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of this provider share: one open /dev/fwslot, and who does what.
 */
#ifndef _FWSLOT_USER_H
#define _FWSLOT_USER_H

#include <linux/mutex.h>
#include <linux/wait.h>

#include "fwslot.h"
#include "message.h"

/* Where the one request of a device stands. */
enum fwslot_user_phase {
	FWSLOT_USER_IDLE,	/* there is none */
	FWSLOT_USER_QUEUED,	/* waits for read() */
	FWSLOT_USER_TAKEN,	/* the process has it */
	FWSLOT_USER_ANSWERED,
};

/**
 * struct fwslot_user_exchange - a request and its answer; under fwslot_user.lock
 * @phase: where it stands
 * @type: enum fwslot_user_type
 * @id: never 0
 * @body: what is asked
 * @data: bytes of an image that follow @body (@body.length of them), or NULL
 * @answer: where bytes read back go (room for @body.length), or NULL
 * @answer_size: bytes in @answer
 * @result: of the answer
 * @deadline: in jiffies: the process must have answered or reported
 * @last_deadline: in jiffies: the process must have answered
 */
struct fwslot_user_exchange {
	enum fwslot_user_phase phase;
	u16 type;
	u32 id;
	struct fwslot_user_request body;
	const void *data;
	void *answer;
	size_t answer_size;
	int result;
	unsigned long deadline;
	unsigned long last_deadline;
};

/**
 * struct fwslot_user - one open file, and the device its process provides
 * @create_lock: taken first; the device is not created or destroyed meanwhile
 * @fdev: the device, or NULL; written under both @create_lock and @lock
 * @ops: what it can do; constant while it exists
 * @abilities: enum fwslot_user_ability; constant while it exists
 * @num_slots: constant while it exists
 * @transfer_size: constant while it exists
 * @read_lock: taken by read() before @lock: one reader at a time
 * @outgoing: the message that read() hands over; under @read_lock
 * @lock: guards what follows
 * @is_live: operations may be sent to the process
 * @boot: what the device last said
 * @contents: what its slots last said
 * @exchange: the request
 * @last_id: of the last request
 * @cancel_id: request of which the process must be told that it is no longer wanted, or 0
 * @changes: counts everything that an operation may be waiting for
 * @wait: readers, and operations that came before fwslot_register() returned
 */
struct fwslot_user {
	struct mutex create_lock; /* see above */
	struct fwslot_device *fdev;
	struct fwslot_ops ops;
	u32 abilities;
	u32 num_slots;
	u32 transfer_size;

	struct mutex read_lock; /* see above */
	void *outgoing;

	struct mutex lock; /* see above */
	bool is_live;
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[FWSLOT_USER_SLOTS_MAX];
	struct fwslot_user_exchange exchange;
	u32 last_id;
	u32 cancel_id;
	unsigned int changes;
	wait_queue_head_t wait;
};

/* operations.c: the operations of the core, as requests to the process */
void fwslot_user_fill_ops(struct fwslot_ops *ops, u32 abilities);

/* exchange.c: one request and its answer */
int fwslot_user_ask(struct fwslot_user *user, u16 type, const struct fwslot_user_request *body,
		    const void *data, void *answer, size_t *ret_answer_size);
int fwslot_user_answer(struct fwslot_user *user, const struct fwslot_user_header *header,
		       const void *body);
int fwslot_user_working(struct fwslot_user *user, u32 id);
size_t fwslot_user_next_message(struct fwslot_user *user, size_t room, int *ret_error);
bool fwslot_user_has_message(struct fwslot_user *user);
void fwslot_user_changed_locked(struct fwslot_user *user);

/* device.c: the device comes, changes and goes */
int fwslot_user_create(struct fwslot_user *user, const struct fwslot_user_create *create,
		       size_t length);
int fwslot_user_destroy(struct fwslot_user *user);
int fwslot_user_set_state(struct fwslot_user *user, const struct fwslot_user_boot *boot,
			  size_t length);
int fwslot_user_booted(struct fwslot_user *user, const struct fwslot_user_booted *booted);

/* main.c: parent of the devices */
struct device *fwslot_user_parent(void);

#endif /* _FWSLOT_USER_H */
