/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Why a job failed or is taken back, as a sentence for people. A worker's own sentence comes first: it knows most. Else
 * the reason's template, with what is known of the job filled in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/private.h"

/* {new} {old} {device} {slot} are replaced; {kernel} is what the kernel says of the slot. */
static const struct {
	enum reason reason;
	const char *sentence;
} templates[] = {
	{ REASON_ATTEMPTS_EXHAUSTED,
	  "Version {new} used up all attempts to start on {device}; the device goes back to version {old}." },
	{ REASON_DID_NOT_START,
	  "{device} did not start version {new} in slot {slot}; it goes back to version {old}." },
	{ REASON_WRONG_VERSION_RUNNING,
	  "{device} was given version {new}, but what runs in slot {slot} says it is another one; it goes back to "
	  "version {old}." },
	{ REASON_DEVICE_LOST,
	  "{device} went away and did not come back in time. Connect it and try again." },
	{ REASON_TRANSFER_FAILED,
	  "Writing version {new} to slot {slot} of {device} failed{kernel}. Nothing but that slot was touched; try again." },
	{ REASON_WRONG_DIGEST,
	  "Slot {slot} of {device} does not hold the bytes of version {new} after writing. Nothing but that slot was touched; "
	  "try again, and suspect the device's memory if it happens again." },
	{ REASON_ALREADY_INSTALLED,
	  "{device} runs exactly this image already. Set flag 2 to write it all the same." },
	{ REASON_FAILED_BEFORE,
	  "{device} was given exactly this image before and it was taken back, see its history. Set flag 2 to try it all "
	  "the same." },
	{ REASON_NO_SUCH_SLOT, "{device} has no slot that may be written with this image." },
	{ REASON_NO_WAY_BACK,
	  "{device} has one slot, which cannot be read back: a bad update could not be taken back. Set "
	  "flag 8 to do it all the same." },
	{ REASON_PINNED,
	  "{device} is pinned to another version than this one. Call Unpin first (fwslotctl unpin {device})." },
	{ REASON_SKIPPED,
	  "This version is to be skipped on {device}. Call Unskip first (fwslotctl unskip {device})." },
	{ REASON_REPLACED,
	  "Version {new} is another image now than the one that was offered for {device}. Refresh, and look at the update "
	  "again." },
	{ REASON_BACKUP_DAMAGED,
	  "No sound backup of {device} is left; the device was not changed." },
	{ REASON_NO_REVERT_SLOT, "No other slot of {device} holds good firmware to go back to." },
	{ REASON_REQUESTED, "Somebody asked to go back from version {new} to version {old}." },
	{ REASON_OUTSIDE_WINDOW,
	  "When version {new} was ready to be written to {device} it might not be installed any more: the window was over, or "
	  "somebody had decided otherwise. Nothing was changed." },
	{ REASON_CANCELLED, "The job was cancelled before anything was written to {device}." },
};

static void append_kernel(FILE *out, struct job_entry *entry, const struct job_record *record)
{
	struct device *device = job_device(entry);

	if (device && record->target_slot >= 0 &&
	    (unsigned)record->target_slot < device->now.num_slots &&
	    device->now.slots[record->target_slot].error[0])
		fprintf(out, " (the kernel says \"%s\")",
			device->now.slots[record->target_slot].error);
}

static void append_word(FILE *out, struct job_entry *entry, const struct job_record *record,
			const char *word, size_t length)
{
	if (strncmp(word, "new", length) == 0)
		fputs(record->version[0] ? record->version : "(unknown)", out);
	else if (strncmp(word, "old", length) == 0)
		fputs(record->version_before[0] ? record->version_before : "(unknown)", out);
	else if (strncmp(word, "device", length) == 0)
		fputs(record->device_id, out);
	else if (strncmp(word, "slot", length) == 0)
		fprintf(out, "%d", record->target_slot);
	else if (strncmp(word, "kernel", length) == 0)
		append_kernel(out, entry, record);
}

static void append_template(FILE *out, struct job_entry *entry, const struct job_record *record,
			    const char *text)
{
	while (*text) {
		size_t plain = strcspn(text, "{");

		fwrite(text, 1, plain, out);
		text += plain;
		if (*text == '{') {
			size_t length = strcspn(++text, "}");

			append_word(out, entry, record, text, length);
			text += length + 1;
		}
	}
}

/* An order that the kernel refused has no reason of its own but the error. */
static bool was_refused(const struct job_entry *entry, const struct job_record *record)
{
	int error = entry->job.knowledge.last_error;

	return error != 0 && record->reason == reason_from_errno(error);
}

static void append_refusal(FILE *out, const struct job_entry *entry)
{
	const struct job_knowledge *knowledge = &entry->job.knowledge;

	fprintf(out, "The kernel refused the order \"%s\" for %s: %s.",
		job_action_to_string(knowledge->last_action), entry->job.record.device_id,
		strerror(-knowledge->last_error));
}

static bool is_given_up_going_back(const struct job_entry *entry, const struct job_record *record)
{
	return entry->job.record.phase == JOB_REVERTING && record->phase == JOB_FAILED;
}

/* Only a person can help now, and has to know how. */
static void append_given_up(FILE *out, struct job_entry *entry, const struct job_record *record)
{
	const struct device *device = job_device(entry);
	bool is_chosen = device && device->now.boot.is_present && record->previous_slot >= 0 &&
			 device->now.boot.next_slot == record->previous_slot;

	if (entry->job.message)
		fprintf(out, "%s ", entry->job.message);
	append_template(out, entry, record, "{device} could not be brought back to version ");
	append_template(out, entry, record, record->type == JOB_REVERT ? "{new}" : "{old}");
	fputs(is_chosen ? ": switch it off and on, it starts that one then." : ".", out);
}

static const char *template_of(enum reason reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(templates); i++)
		if (templates[i].reason == reason)
			return templates[i].sentence;
	return reason_sentence(reason);
}

char *job_explain(struct job_entry *entry, const struct job_record *record)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	/* A reason that was there before keeps its sentence. */
	if (entry->job.message && !is_given_up_going_back(entry, record) &&
	    entry->job.record.reason == record->reason)
		return strdup(entry->job.message);
	if (entry->work_message && entry->job.knowledge.reason == record->reason)
		return strdup(entry->work_message);
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	if (is_given_up_going_back(entry, record))
		append_given_up(out, entry, record);
	else if (was_refused(entry, record))
		append_refusal(out, entry);
	else
		append_template(out, entry, record, template_of(record->reason));
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
