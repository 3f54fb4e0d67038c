/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A conversation with the worker: the request, one question for each device, one answer to each, the result. Answers
 * count when the result is good, all together.
 */
#include "engine/refresh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-id128.h>

#include "base/log.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/worker-protocol.h"
#include "engine/question.h"
#include "engine/sources.h"
#include "engine/updates.h"
#include "engine/versions.h"
#include "engine/work.h"

#define REQUEST_BYTES 32768
#define REFRESH_TIMEOUT_USEC (15 * USEC_PER_MINUTE)

/* What is hashed with the machine's id to make the one of this application. */
#define APPLICATION_ID SD_ID128_MAKE(6f, 3b, 0c, 51, d9, 7e, 4a, 86, 9b, 1d, 2f, c4, 70, 8a, e5, 13)

struct refresh {
	struct manager *manager;
	char source[RECORD_REMOTE_MAX + 1];
	struct work *work;
	char asked[RECORD_DEVICE_ID_MAX + 1]; /* the device asked about last */
	bool is_finished; /* there was nothing more to ask */
	struct finding *findings;
};

const char *refresh_source(const struct refresh *refresh)
{
	return refresh->source;
}

static void release(struct refresh *refresh)
{
	while (refresh->findings) {
		struct finding *first = refresh->findings;

		refresh->findings = first->next;
		free(first);
	}
	free(refresh);
}

/* By id, so that none is asked about twice or left out when some come or go meanwhile. */
static int ask_next(struct refresh *refresh)
{
	const struct device *device = NULL;
	_cleanup_packet_ struct packet *question = NULL;

	for (size_t i = 0; !device && i < refresh->manager->device_count; i++)
		if (strcmp(refresh->manager->devices[i]->id, refresh->asked) > 0)
			device = refresh->manager->devices[i];
	if (!device) {
		refresh->is_finished = true;
		return worker_ask(refresh->work, NULL);
	}
	memcpy(refresh->asked, device->id, sizeof(device->id));
	question = packet_new(REQUEST_BYTES);
	if (!question)
		return -ENOMEM;
	(void)packet_add(question, WORKER_KEY_TYPE, WORKER_TYPE_DEVICE);
	question_add_device(question, refresh->manager, device);
	(void)packet_add_u64(question, WORKER_KEY_ALLOW_DOWNGRADE, 0);
	if (versions_pin(refresh->manager, device->id))
		(void)packet_add(question, WORKER_KEY_WANT_VERSION,
				 versions_pin(refresh->manager, device->id));
	return worker_ask(refresh->work, question);
}

static int take_text(const struct packet *answer, const char *key, char *to, size_t size)
{
	const char *text = packet_get(answer, key);

	if (!text || strlen(text) >= size || !utf8_is_valid(text))
		return -EBADMSG;
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

static int take_notes(const struct packet *answer, struct offer_record *record)
{
	uint64_t count;
	size_t used = 0;

	if (packet_get_u64(answer, WORKER_KEY_NOTE_COUNT, 0, WORKER_NOTES_MAX, &count) < 0)
		return -EBADMSG;
	for (unsigned i = 0; i < count; i++) {
		char key[PACKET_KEY_MAX + 1];
		const char *note;

		snprintf(key, sizeof(key), WORKER_KEY_NOTE "%u", i);
		note = packet_get(answer, key);
		if (!note || strchr(note, '\n') || !strchr(note, ' ') || !utf8_is_valid(note) ||
		    strlen(note) + 1 > RECORD_NOTES_MAX - used)
			return -EBADMSG;
		used += (size_t)sprintf(record->notes + used, "%s\n", note);
	}
	return 0;
}

static int take_digest(const struct packet *answer, struct offer_record *record)
{
	const char *digest = packet_get(answer, WORKER_KEY_SHA256);

	if (digest && !digest[0])
		return 0;
	if (!digest || strlen(digest) != 64 || strspn(digest, "0123456789abcdef") != 64)
		return -EBADMSG;
	snprintf(record->digest, sizeof(record->digest), "sha256:%s", digest);
	return 0;
}

/* The worker reads what strangers wrote: nothing it says goes into the store unlooked at. */
static int take_offer(const struct packet *answer, struct offer_record *record)
{
	uint64_t in_rollout = 0;
	int r;

	r = take_text(answer, WORKER_KEY_VERSION, record->version, sizeof(record->version));
	if (r >= 0)
		r = take_text(answer, WORKER_KEY_URGENCY, record->urgency, sizeof(record->urgency));
	if (r >= 0)
		r = take_text(answer, WORKER_KEY_SIGNER, record->signer, sizeof(record->signer));
	if (r >= 0)
		r = take_digest(answer, record);
	if (r >= 0)
		r = take_notes(answer, record);
	if (r >= 0)
		r = packet_get_u64(answer, WORKER_KEY_COUNTER, 1, INT64_MAX, &record->counter);
	if (r >= 0)
		r = packet_get_u64(answer, WORKER_KEY_LENGTH, 0, INT64_MAX, &record->length_bytes);
	if (r >= 0)
		r = packet_get_u64(answer, WORKER_KEY_PUBLISHED_USEC, 0, INT64_MAX,
				   &record->published_usec);
	if (r >= 0)
		r = packet_get_u64(answer, WORKER_KEY_IN_ROLLOUT, 0, 1, &in_rollout);
	record->is_in_rollout = in_rollout != 0;
	return r >= 0 && record->version[0] ? 0 : -EBADMSG;
}

/* Cut at a character. */
static void take_message(struct offer_record *record, const char *message)
{
	snprintf(record->message, sizeof(record->message), "%s",
		 message ? message : reason_sentence(record->reason));
	record->message[utf8_valid_length(record->message)] = '\0';
}

static enum reason reason_of(const char *word)
{
	enum reason reason = word ? reason_from_word(word) : _REASON_INVALID;

	return reason == _REASON_INVALID ? REASON_INTERNAL : reason;
}

static void on_answer(const struct packet *answer, void *userdata)
{
	struct refresh *refresh = userdata;
	const char *word = packet_get(answer, WORKER_KEY_REASON),
		   *message = packet_get(answer, WORKER_KEY_MESSAGE);
	struct finding *finding = refresh->is_finished ? NULL : calloc(1, sizeof(*finding));

	if (!finding)
		return;
	memcpy(finding->record.device_id, refresh->asked, sizeof(refresh->asked));
	memcpy(finding->record.remote, refresh->source, sizeof(refresh->source));
	finding->record.reason = reason_of(word);
	if (packet_get_u64(answer, WORKER_KEY_SUPPORT_ENDS_USEC, 0, INT64_MAX,
			   &finding->record.support_ends_usec) < 0)
		finding->record.support_ends_usec = 0; /* not said */
	if (finding->record.reason == REASON_OK && take_offer(answer, &finding->record) < 0) {
		log_warning(
			"What update source %s offers for %s makes no sense and is passed over.",
			refresh->source, refresh->asked);
		finding->record.reason = REASON_MALFORMED;
		message = reason_sentence(REASON_MALFORMED);
	}
	if (finding->record.reason != REASON_OK)
		take_message(&finding->record, message);
	finding->next = refresh->findings;
	refresh->findings = finding;
	if (ask_next(refresh) < 0)
		log_warning("The worker that asks %s cannot be spoken to.", refresh->source);
}

static void on_ended(struct failure *failure, void *userdata)
{
	struct refresh *refresh = userdata;
	struct manager *manager = refresh->manager;
	int r;

	manager->refresh = NULL;
	if (failure->reason == REASON_OK) {
		r = updates_keep(manager, refresh->findings);
		if (r < 0)
			(void)fail_errno(failure, r, "What was offered cannot be recorded in %s",
					 manager->folders.state);
	}
	sources_refreshed(manager, refresh->source, failure);
	release(refresh);
}

static int make_request(struct refresh *refresh, struct packet **ret)
{
	struct manager *manager = refresh->manager;
	_cleanup_packet_ struct packet *request = packet_new(REQUEST_BYTES);
	char machine_text[SD_ID128_STRING_MAX];
	sd_id128_t machine;

	if (!request)
		return -ENOMEM;
	(void)packet_add(request, WORKER_KEY_OPERATION, WORKER_REFRESH);
	(void)packet_add(request, WORKER_KEY_REMOTE, refresh->source);
	(void)packet_add(request, WORKER_KEY_FETCH_SOCKET, manager->folders.fetch_socket);
	if (sd_id128_get_machine_app_specific(APPLICATION_ID, &machine) >= 0)
		(void)packet_add(request, WORKER_KEY_MACHINE_ID,
				 sd_id128_to_string(machine, machine_text));
	if (question_add_folders(request, manager) == -ENOMEM)
		return -ENOMEM;
	*ret = TAKE_PTR(request);
	return 0;
}

int refresh_begin(struct manager *manager, const char *source, struct failure *failure)
{
	struct refresh *refresh = calloc(1, sizeof(*refresh));
	_cleanup_packet_ struct packet *request = NULL;
	int r;

	if (!refresh)
		return fail_memory(failure);
	refresh->manager = manager;
	snprintf(refresh->source, sizeof(refresh->source), "%s", source);
	r = make_request(refresh, &request);
	if (r >= 0)
		r = worker_start_alone(manager, request, NULL, 0, REFRESH_TIMEOUT_USEC, on_answer,
				       on_ended, refresh, &refresh->work);
	if (r < 0) {
		release(refresh);
		return fail_errno(failure, r, "The worker cannot be started");
	}
	manager->refresh = refresh;
	/* In the socket before anybody reads the request: two packets fit. */
	if (ask_next(refresh) < 0)
		log_warning("The worker that asks %s cannot be spoken to.", source);
	return 0;
}

void refresh_stop(struct manager *manager)
{
	struct refresh *refresh = TAKE_PTR(manager->refresh);

	if (!refresh)
		return;
	refresh->work->release(refresh->work);
	release(refresh);
}
