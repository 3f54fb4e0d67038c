/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cases and their words. No "slot", no "flash", no "image": people have devices and versions. */
#include "agent/card.h"

#include <errno.h>
#include <libintl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

#define _(text) gettext(text)
#define N_(text) text

static const struct {
	const char *key, *label;
} answers[_ANSWER_COUNT] = {
	[ANSWER_TONIGHT] = { "tonight", N_("Install Tonight") },
	[ANSWER_LATER] = { "later", N_("Remind Me Later") },
	[ANSWER_NOW] = { "now", N_("Install Now") },
	[ANSWER_KEEP] = { "keep", N_("Keep This Version") },
	[ANSWER_BACK] = { "back", N_("Go Back") },
};

const char *card_answer_key(enum card_answer answer)
{
	return answers[answer].key;
}

const char *card_answer_label(enum card_answer answer)
{
	return _(answers[answer].label);
}

enum card_answer card_answer_from_key(const char *key)
{
	for (int i = 0; i < _ANSWER_COUNT; i++)
		if (strcmp(answers[i].key, key) == 0)
			return (enum card_answer)i;
	return _ANSWER_INVALID;
}

static bool was_busy(const char *state)
{
	return strcmp(state, "on-trial") == 0 || strcmp(state, "installing") == 0 ||
	       strcmp(state, "downloading") == 0;
}

enum card_kind card_judge(const struct seen_device *device, const char *state_before)
{
	static const struct {
		const char *state;
		enum card_kind kind;
	} kinds[] = {
		{ "update-available", CARD_AVAILABLE },
		{ "approved", CARD_SCHEDULED },
		{ "on-trial", CARD_TRIAL },
		{ "reverted", CARD_REVERTED },
		{ "failed", CARD_FAILED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].state, device->state) == 0)
			return kinds[i].kind;
	/* That all is well is news only to who has seen it begin. */
	return strcmp(device->state, "up-to-date") == 0 && was_busy(state_before) ? CARD_UPDATED :
										    CARD_NONE;
}

/* Reason words as what happened to a person's device; others are told without one. */
static const char *explain(const char *reason)
{
	static const struct {
		const char *reason, *sentence;
	} sentences[] = {
		{ "attempts-exhausted", N_("The new version did not start correctly.") },
		{ "did-not-start", N_("The new version did not start correctly.") },
		{ "wrong-version-running", N_("The new version did not start correctly.") },
		{ "health-failed", N_("A check found that the new version does not work here.") },
		{ "health-timeout", N_("A check of the new version did not come to an end.") },
		{ "device-lost", N_("The device was disconnected during the update.") },
		{ "transfer-failed", N_("The new version could not be copied to the device.") },
		{ "requested", N_("Somebody asked for it.") },
		{ "no-space", N_("This computer has no room left for the update.") },
		{ "bad-signature", N_("The file is not what its maker published.") },
		{ "unsigned", N_("The file is not what its maker published.") },
		{ "truncated", N_("The file is damaged.") },
		{ "malformed", N_("The file is damaged.") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++)
		if (strcmp(sentences[i].reason, reason) == 0)
			return _(sentences[i].sentence);
	return _("The update could not be completed.");
}

_printf_(2, 3) static int set(char **target, const char *format, ...)
{
	va_list arguments;
	char *text;
	int r;

	va_start(arguments, format);
	r = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (r < 0)
		return -ENOMEM;
	free(*target);
	*target = text;
	return 0;
}

static void offer(struct card *card, enum card_answer safest, enum card_answer other)
{
	card->answers[0] = safest;
	card->answers[1] = other;
	card->answers[2] = _ANSWER_INVALID;
}

/* What happens while nobody needs the device comes first, what happens at once last. */
static void offer_update(struct card *card)
{
	card->answers[0] = ANSWER_TONIGHT;
	card->answers[1] = ANSWER_LATER;
	card->answers[2] = ANSWER_NOW;
	card->answers[3] = _ANSWER_INVALID;
}

static int write_available(struct card *card, const struct seen_device *d, bool can_answer)
{
	_cleanup_free_ char *what = NULL;
	int r;

	if (strcmp(d->urgency, "critical") == 0)
		card->urgency = 2;
	offer_update(card);
	/* Translators: %s is a device: "Docking Station Update Available". */
	if (set(&card->title, _("%s Update Available"), d->name) < 0)
		return -ENOMEM;
	if (d->summary[0])
		/* Translators: 1 version, 2 what it is good for: a sentence of its maker. */
		r = set(&what, _("Version %1$s: %2$s"), d->offered, d->summary);
	else
		r = set(&what, _("Version %s is ready to install."), d->offered);
	if (r < 0)
		return -ENOMEM;
	if (can_answer)
		/* Translators: 1 the sentence above, 2 the version that runs now. */
		return set(
			&card->body,
			_("%1$s If it does not work, the device goes back to version %2$s by itself."),
			what, d->version);
	/* Translators: 1 the sentence above, 2 and 3 a command. */
	return set(&card->body, _("%1$s To install it: %2$s %3$s"), what, "fwslotctl install",
		   d->id);
}

static const char *day_and_time(uint64_t usec, char *text, size_t size)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm parts;

	/* Translators: strftime(3): a weekday and a time. */
	if (!localtime_r(&seconds, &parts) || !strftime(text, size, _("%A at %H:%M"), &parts))
		text[0] = '\0';
	return text;
}

static int write_scheduled(struct card *card, const struct seen_device *d)
{
	char begin[128];

	/* Translators: %s is a device: "Docking Station Will Be Updated". */
	if (set(&card->title, _("%s Will Be Updated"), d->name) < 0)
		return -ENOMEM;
	if (d->not_before_usec <= time_now_realtime())
		/* Translators: %s is a version. */
		return set(
			&card->body,
			_("Version %s will be installed as soon as nothing stands in its way. Keep the "
			  "device connected."),
			d->offered);
	/* Translators: 1 version, 2 a weekday and a time. */
	return set(&card->body,
		   _("Version %1$s will be installed after %2$s. Keep the device connected and the "
		     "computer plugged in."),
		   d->offered, day_and_time(d->not_before_usec, begin, sizeof(begin)));
}

static int write_trial(struct card *card, const struct seen_device *d, bool can_answer)
{
	char end[128];

	offer(card, ANSWER_KEEP, ANSWER_BACK);
	if (set(&card->title, _("%s Updated"), d->name) < 0)
		return -ENOMEM;
	day_and_time(d->trial_end_usec, end, sizeof(end));
	if (can_answer)
		/* Translators: 1 version, 2 a time, 3 the version before. */
		return set(
			&card->body,
			_("Version %1$s is on trial until %2$s. If it causes problems, you can go back "
			  "to version %3$s."),
			d->version, end, d->revert_version);
	return set(&card->body,
		   _("Version %1$s is on trial until %2$s. To go back to version %3$s: %4$s %5$s"),
		   d->version, end, d->revert_version, "fwslotctl revert", d->id);
}

static int write_end(struct card *card, const struct seen_device *d)
{
	bool is_reverted = card->kind == CARD_REVERTED;

	if (!is_reverted)
		card->urgency = 2;
	if (set(&card->title, is_reverted ? _("%s Update Undone") : _("%s Update Failed"),
		d->name) < 0)
		return -ENOMEM;
	/* That it works can only be said of a device that says which version it runs. */
	if (!d->version[0])
		return set(&card->body, "%s", explain(d->problem));
	return set(
		&card->body,
		is_reverted ?
			_("%1$s The device is using version %2$s again, and no action is needed.") :
			_("%1$s The device still uses version %2$s."),
		explain(d->problem), d->version);
}

int card_write(struct card *card, enum card_kind kind, const struct seen_device *device,
	       bool can_answer)
{
	card_clear(card);
	card->kind = kind;
	card->urgency = kind == CARD_UPDATED || kind == CARD_SCHEDULED ? 0 : 1;
	card->answers[0] = _ANSWER_INVALID;
	if (set(&card->key, "%d %s %s %s", (int)kind, device->version, device->offered,
		device->problem) < 0)
		return -ENOMEM;
	switch (kind) {
	case CARD_AVAILABLE:
		return write_available(card, device, can_answer);
	case CARD_SCHEDULED:
		return write_scheduled(card, device);
	case CARD_TRIAL:
		return write_trial(card, device, can_answer);
	case CARD_UPDATED:
		if (set(&card->title, _("%s Updated"), device->name) < 0)
			return -ENOMEM;
		return set(&card->body, _("Version %s is now in use."), device->version);
	case CARD_REVERTED:
	case CARD_FAILED:
		return write_end(card, device);
	case CARD_NONE:
		break;
	}
	return 0;
}

int card_write_summary(struct card *card, const struct picture *picture, size_t count,
		       bool can_answer)
{
	_cleanup_free_ char *names = NULL;

	card_clear(card);
	card->kind = CARD_AVAILABLE;
	card->urgency = 1;
	offer_update(card);
	if (set(&names, "%s", "") < 0)
		return -ENOMEM;
	for (size_t i = 0; i < picture->count; i++) {
		const struct seen_device *d = &picture->devices[i];

		if (card_judge(d, "") == CARD_AVAILABLE &&
		    set(&names, "%s%s%s %s", names, names[0] ? ", " : "", d->name, d->offered) < 0)
			return -ENOMEM;
	}
	if (set(&card->key, "%s", names) < 0 ||
	    set(&card->title,
		ngettext("%u Device Update Available", "%u Device Updates Available", count),
		(unsigned)count) < 0)
		return -ENOMEM;
	if (can_answer)
		return set(&card->body, _("Ready to install: %s."), names);
	return set(&card->body, _("Ready to install: %1$s. To see them: %2$s"), names,
		   "fwslotctl list");
}

void card_clear(struct card *card)
{
	free(card->key);
	free(card->title);
	free(card->body);
	*card = (struct card){ .answers = { _ANSWER_INVALID } };
}
