/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an offer to the fields of a packet. */
#include "worker/describe.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/worker-protocol.h"

#define SUMMARY_BYTES_MAX 400

/* Of the first line, cut at a character. */
static int summary_length(const char *note)
{
	size_t length = note ? strcspn(note, "\n") : 0;

	if (length > SUMMARY_BYTES_MAX) {
		length = SUMMARY_BYTES_MAX;
		while (length > 0 && ((unsigned char)note[length] & 0xc0) == 0x80)
			length--;
	}
	return (int)length;
}

void describe_offer(struct packet *packet, const struct offer *offer, const char *remote)
{
	const struct selection *selection = &offer->selection;
	const char *note = index_note(selection->release, "en");
	char digest[SHA256_TEXT_SIZE];

	packet_add(packet, WORKER_KEY_PATH, offer->image.path);
	packet_add(packet, WORKER_KEY_VERSION, selection->release->version);
	packet_add_u64(packet, WORKER_KEY_COUNTER, (uint64_t)selection->release->counter);
	packet_add(packet, WORKER_KEY_SLOT, selection->slot->label ? selection->slot->label : "");
	packet_add_u64(packet, WORKER_KEY_MIN_COUNTER, (uint64_t)selection->release->min_counter);
	packet_add_u64(packet, WORKER_KEY_NEW_FLOOR, (uint64_t)selection->floor);
	packet_add(packet, WORKER_KEY_URGENCY, urgency_word(selection->release->urgency));
	packet_add(packet, WORKER_KEY_SIGNER, offer->signer);
	packet_add(packet, WORKER_KEY_SIGNER_KEYS,
		   hex_encode(offer->signer_keys, SHA256_BYTES, digest));
	packet_add(packet, WORKER_KEY_REMOTE, remote);
	packet_add(packet, WORKER_KEY_HARDWARE_ID, offer->index->hardware_id);
	packet_add_u64(packet, WORKER_KEY_INSTALLED_KNOWN, (uint64_t)selection->installed_counter);
	packet_add_format(packet, WORKER_KEY_SUMMARY, "%.*s", summary_length(note),
			  note ? note : "");
}

void describe_image(struct packet *packet, const struct fetched_file *image)
{
	char digest[SHA256_TEXT_SIZE];

	packet_add(packet, WORKER_KEY_SHA256, hex_encode(image->sha256, SHA256_BYTES, digest));
	packet_add_u64(packet, WORKER_KEY_LENGTH, image->size);
}

void describe_target(struct packet *packet, const struct target *target)
{
	char digest[SHA256_TEXT_SIZE] = "";

	if (target->digests.is_listed[HASH_SHA256])
		hex_encode(target->digests.value[HASH_SHA256], SHA256_BYTES, digest);
	packet_add(packet, WORKER_KEY_SHA256, digest);
	packet_add_u64(packet, WORKER_KEY_LENGTH, target->length);
}

void describe_notes(struct packet *packet, const struct index_release *release)
{
	unsigned int count = 0;
	const char *locale;
	json_t *note;

	packet_add_u64(packet, WORKER_KEY_PUBLISHED_USEC, release->date);
	json_object_foreach((json_t *)release->notes, locale, note) {
		const char *text = json_string_value(note);
		char key[PACKET_KEY_MAX + 1];

		if (count == WORKER_NOTES_MAX)
			break;
		if (!text || strchr(locale, ' '))
			continue;
		snprintf(key, sizeof(key), WORKER_KEY_NOTE "%u", count++);
		packet_add_format(packet, key, "%s %.*s", locale, summary_length(text), text);
	}
	packet_add_u64(packet, WORKER_KEY_NOTE_COUNT, count);
}
