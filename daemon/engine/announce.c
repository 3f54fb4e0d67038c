/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The journal's lines about jobs: each kind has a fixed MESSAGE_ID (the catalog explains it at length) and the same
 * fields, so that "journalctl FWSLOT_DEVICE=sim0" is a device's history.
 */
#include <stdio.h>

#include "base/log.h"
#include "engine/private.h"

static const struct {
	int level;
	const char *message_id;
} announcements[ANNOUNCE_MAX] = {
	[ANNOUNCE_STARTED] = { LOG_INFO, "b76d2a33db554091a51d33323a922668" },
	[ANNOUNCE_ON_TRIAL] = { LOG_INFO, "b50ef2d7f5484e088785cde9551af135" },
	[ANNOUNCE_CONFIRMED] = { LOG_INFO, "674aecdb5db54142acbf44bb4afaeab8" },
	[ANNOUNCE_REVERTED] = { LOG_NOTICE, "ec46dcf95414478bbceaf6ab1c348a97" },
	[ANNOUNCE_FAILED] = { LOG_WARNING, "cd349da4c0954d0a98f12f14c08dc195" },
	[ANNOUNCE_OFFERED] = { LOG_INFO, "04dd685e07bb4bd99901e432a9bd4f35" },
	[ANNOUNCE_APPROVED] = { LOG_INFO, "fe3ef7f5be224dc49d41255ef0f65009" },
	[ANNOUNCE_POSTPONED] = { LOG_INFO, "d39a23655f79461e9d08679d412e86c3" },
};

static void write_line(enum announcement announcement, const struct job_record *record,
		       const struct log_field *fields, const char *message)
{
	int level = announcements[announcement].level;
	const char *device = record->device_id,
		   *version = record->version[0] ? record->version : "(unknown)";

	switch (announcement) {
	case ANNOUNCE_STARTED:
		log_write_fields(level, fields, "%s: writing version %s.", device, version);
		return;
	case ANNOUNCE_ON_TRIAL:
		log_write_fields(level, fields, "%s: version %s is on trial.", device, version);
		return;
	case ANNOUNCE_CONFIRMED:
		log_write_fields(level, fields, "%s: version %s is kept.", device, version);
		return;
	case ANNOUNCE_REVERTED:
		log_write_fields(level, fields, "%s: back to an earlier version. %s", device,
				 message);
		return;
	case ANNOUNCE_OFFERED:
		log_write_fields(level, fields, "%s: version %s is offered.", device, version);
		return;
	case ANNOUNCE_APPROVED:
		log_write_fields(level, fields, "%s: version %s is approved. %s", device, version,
				 message);
		return;
	case ANNOUNCE_POSTPONED:
		log_write_fields(level, fields, "%s: version %s is postponed. %s", device, version,
				 message);
		return;
	default:
		log_write_fields(level, fields, "%s: %s %s. %s", device,
				 job_type_to_string(record->type),
				 job_phase_to_string(record->phase), message);
	}
}

void job_announce(const struct job_record *record, enum announcement announcement,
		  const char *message)
{
	char job[24], uid[16];
	const struct log_field fields[] = {
		{ "MESSAGE_ID", announcements[announcement].message_id },
		{ "FWSLOT_DEVICE", record->device_id },
		{ "FWSLOT_VERSION_OLD", record->version_before },
		{ "FWSLOT_VERSION_NEW", record->version },
		{ "FWSLOT_JOB", job },
		{ "FWSLOT_UID", uid },
		{ "FWSLOT_RESULT", job_phase_to_string(record->phase) },
		{ "FWSLOT_REASON", reason_word(record->reason) },
		{ NULL, NULL },
	};

	snprintf(job, sizeof(job), "%llu", (unsigned long long)record->id);
	snprintf(uid, sizeof(uid), "%u", record->uid);
	write_line(announcement, record, fields, message ? message : "");
}
