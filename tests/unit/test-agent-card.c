/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a person is told: which case, the words of each, and what can be answered. */
#include <string.h>

#include "agent/card.h"
#include "tap.h"

static struct seen_device device_in(const char *state)
{
	return (struct seen_device){
		.id = (char *)"dock0",
		.name = (char *)"Docking Station",
		.state = (char *)state,
		.version = (char *)"1.4.1",
		.problem = (char *)"",
		.revert_version = (char *)"",
		.update = (char *)"/",
		.offered = (char *)"",
		.summary = (char *)"",
		.urgency = (char *)"",
	};
}

static void test_cases(void)
{
	static const struct {
		const char *state, *before;
		enum card_kind kind;
	} rows[] = {
		{ "up-to-date", "", CARD_NONE },
		{ "up-to-date", "up-to-date", CARD_NONE },
		{ "up-to-date", "update-available", CARD_NONE },
		{ "up-to-date", "on-trial", CARD_UPDATED },
		{ "up-to-date", "installing", CARD_UPDATED },
		{ "up-to-date", "downloading", CARD_UPDATED },
		{ "update-available", "", CARD_AVAILABLE },
		{ "approved", "update-available", CARD_SCHEDULED },
		{ "postponed", "update-available", CARD_NONE },
		{ "dismissed", "", CARD_NONE },
		{ "downloading", "update-available", CARD_NONE },
		{ "installing", "downloading", CARD_NONE },
		{ "on-trial", "installing", CARD_TRIAL },
		{ "reverted", "", CARD_REVERTED },
		{ "failed", "installing", CARD_FAILED },
		{ "a-word-of-a-later-version", "", CARD_NONE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seen_device device = device_in(rows[i].state);

		tap_is(card_judge(&device, rows[i].before), rows[i].kind, rows[i].state);
	}
}

static void expect(enum card_kind kind, const struct seen_device *device, bool can_answer,
		   const char *title, const char *body)
{
	struct card card = { .answers = { _ANSWER_INVALID } };

	tap_is(card_write(&card, kind, device, can_answer), 0, title);
	tap_is_string(card.title, title, "its title");
	tap_is_string(card.body, body, "its sentences");
	card_clear(&card);
}

static void test_words(void)
{
	struct seen_device device = device_in("update-available");

	device.offered = (char *)"1.4.2";
	expect(CARD_AVAILABLE, &device, true, "Docking Station Update Available",
	       "Version 1.4.2 is ready to install. If it does not work, the device goes back to "
	       "version 1.4.1 by itself.");
	device.summary = (char *)"Fixes displays that stay dark.";
	expect(CARD_AVAILABLE, &device, true, "Docking Station Update Available",
	       "Version 1.4.2: Fixes displays that stay dark. If it does not work, the device goes "
	       "back to version 1.4.1 by itself.");
	expect(CARD_AVAILABLE, &device, false, "Docking Station Update Available",
	       "Version 1.4.2: Fixes displays that stay dark. To install it: fwslotctl install dock0");

	device.version = (char *)"1.4.2";
	device.revert_version = (char *)"1.4.1";
	device.trial_end_usec = UINT64_C(1800000000) * 1000000;
	expect(CARD_TRIAL, &device, true, "Docking Station Updated",
	       "Version 1.4.2 is on trial until Friday at 08:00. If it causes problems, you can go "
	       "back to version 1.4.1.");
	expect(CARD_TRIAL, &device, false, "Docking Station Updated",
	       "Version 1.4.2 is on trial until Friday at 08:00. To go back to version 1.4.1: "
	       "fwslotctl revert dock0");
	expect(CARD_UPDATED, &device, true, "Docking Station Updated",
	       "Version 1.4.2 is now in use.");

	device.version = (char *)"1.4.1";
	device.problem = (char *)"attempts-exhausted";
	expect(CARD_REVERTED, &device, true, "Docking Station Update Undone",
	       "The new version did not start correctly. The device is using version 1.4.1 again, "
	       "and no action is needed.");
	device.problem = (char *)"device-lost";
	expect(CARD_FAILED, &device, true, "Docking Station Update Failed",
	       "The device was disconnected during the update. The device still uses version 1.4.1.");
	device.version = (char *)"";
	device.problem = (char *)"a-reason-of-a-later-version";
	expect(CARD_FAILED, &device, true, "Docking Station Update Failed",
	       "The update could not be completed.");
}

static void test_answers(void)
{
	struct seen_device device = device_in("update-available");
	struct card card = { .answers = { _ANSWER_INVALID } };

	device.urgency = (char *)"critical";
	tap_is(card_write(&card, CARD_AVAILABLE, &device, true), 0, "a critical update");
	tap_is(card.urgency, 2, "stays on the screen");
	tap_is(card.answers[0], ANSWER_TONIGHT, "the safest answer comes first");
	tap_is(card.answers[1], ANSWER_LATER, "then the one that changes nothing");
	tap_is(card.answers[2], ANSWER_NOW, "then what happens at once");
	tap_is(card.answers[3], _ANSWER_INVALID, "and no more");
	tap_is(card_write(&card, CARD_TRIAL, &device, true), 0, "a trial");
	tap_is(card.answers[0], ANSWER_KEEP, "is kept");
	tap_is(card.answers[1], ANSWER_BACK, "or not");
	tap_is(card_write(&card, CARD_FAILED, &device, true), 0, "a failure");
	tap_is(card.urgency, 2, "needs a hand");
	tap_is(card.answers[0], _ANSWER_INVALID, "has no answer");
	card_clear(&card);
	for (int i = 0; i < _ANSWER_COUNT; i++)
		tap_is(card_answer_from_key(card_answer_key((enum card_answer)i)), i,
		       card_answer_label((enum card_answer)i));
	tap_is(card_answer_from_key("default"), _ANSWER_INVALID,
	       "a click that was not offered is none");
}

static void test_summary(void)
{
	struct picture picture = { .count = 3 };
	struct card card = { .answers = { _ANSWER_INVALID } };

	for (size_t i = 0; i < picture.count; i++) {
		picture.devices[i] = device_in("update-available");
		picture.devices[i].offered = (char *)"1.4.2";
	}
	tap_is(card_write_summary(&card, &picture, 3, true), 0, "three at once");
	tap_is_string(card.title, "3 Device Updates Available", "are one notification");
	tap_is_string(card.body,
		      "Ready to install: Docking Station 1.4.2, Docking Station 1.4.2, "
		      "Docking Station 1.4.2.",
		      "that names them");
	card_clear(&card);
}

int main(void)
{
	setenv("TZ", "UTC", 1);
	test_cases();
	test_words();
	test_answers();
	test_summary();
	return tap_done();
}
