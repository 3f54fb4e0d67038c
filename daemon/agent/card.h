/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person is told of a device: which case it is, the words, and what can be answered. Pure:
 * what is seen in, what is shown out.
 */
#pragma once

#include "agent/picture.h"

enum card_kind {
	CARD_NONE, /* nothing to say */
	CARD_AVAILABLE,
	CARD_SCHEDULED,
	CARD_TRIAL,
	CARD_UPDATED,
	CARD_REVERTED,
	CARD_FAILED,
};

enum card_answer {
	ANSWER_TONIGHT, /* "tonight": Approve */
	ANSWER_LATER, /* "later": Postpone */
	ANSWER_NOW, /* "now": Install */
	ANSWER_KEEP, /* "keep": Confirm */
	ANSWER_BACK, /* "back": Revert */
	_ANSWER_COUNT,
	_ANSWER_INVALID = -1,
};

#define CARD_ANSWERS_MAX 3 /* the smallest number of buttons that servers show */

/**
 * struct card - a notification
 * @kind: the case
 * @key: two cards with the same are the same event: told once
 * @urgency: of the notification specification: 0 low, 1 normal, 2 critical
 * @title: at most about 40 letters
 * @body: plain sentences; the first carries the point
 * @answers: the safest first; _ANSWER_INVALID ends them
 */
struct card {
	enum card_kind kind;
	char *key, *title, *body;
	int urgency;
	enum card_answer answers[CARD_ANSWERS_MAX + 1];
};

/* @state_before: the device's state when it was last looked at; "" = not seen before */
enum card_kind card_judge(const struct seen_device *device, const char *state_before);

/*
 * Words it. @can_answer: the server shows buttons; else the sentence names the command. 0 or -ENOMEM.
 */
_warn_unused_ int card_write(struct card *card, enum card_kind kind,
			     const struct seen_device *device, bool can_answer);
/* One for more than two updates that are available. */
_warn_unused_ int card_write_summary(struct card *card, const struct picture *picture, size_t count,
				     bool can_answer);
void card_clear(struct card *card);

/* The words on the bus ("now") and on the button ("Install Now"). */
const char *card_answer_key(enum card_answer answer);
const char *card_answer_label(enum card_answer answer);
enum card_answer card_answer_from_key(const char *key);
