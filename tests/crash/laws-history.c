/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What history must tell: see laws-history.h. */
#include "laws-history.h"

#include <string.h>
#include <unistd.h>

struct tally {
	uint64_t job_id;
	unsigned requested, ended;
	bool has_confirm, has_revert, has_cancel; /* rows of what people asked for on the way */
	const char *end;
	bool has_reason;
};

static int count_row(const struct history_row *row, void *userdata)
{
	struct tally *tally = userdata;
	enum job_phase phase = job_phase_from_string(row->result);

	if (row->job_id != tally->job_id)
		return 0;
	if (strcmp(row->result, "requested") == 0 &&
	    (strcmp(row->action, "install") == 0 || strcmp(row->action, "revert") == 0))
		tally->requested++;
	if (strcmp(row->result, "requested") == 0) {
		tally->has_confirm |= strcmp(row->action, "confirm") == 0;
		tally->has_revert |= strcmp(row->action, "revert") == 0;
		tally->has_cancel |= strcmp(row->action, "cancel") == 0;
	}
	if (phase >= 0 && job_phase_is_final(phase)) {
		tally->ended += strcmp(row->result, tally->end) == 0 ? 1 : 100;
		tally->has_reason = phase == JOB_DONE || strcmp(row->reason, "ok") != 0;
	}
	return 0;
}

/* "History tells what happened and why": one request, one end, and a reason unless it is good. */
void law_history(struct lab *lab, const struct job *job)
{
	struct tally tally = { .job_id = job->record.id,
			       .end = job_phase_to_string(job->record.phase) };

	if (lab->scenario->begins_damaged)
		return;
	if (manager_history(lab->manager, "", STORE_HISTORY_ROWS_MAX, count_row, &tally) < 0)
		lab_break(lab, "history cannot be read");
	if (tally.requested < 1 || tally.ended != 1 || !tally.has_reason)
		lab_break(lab,
			  "history of job %llu has %u requests and %u ends, the job is %s (%s)",
			  (unsigned long long)job->record.id, tally.requested, tally.ended,
			  tally.end, reason_word(job->record.reason));
	if ((job->record.is_confirm_requested && !tally.has_confirm) ||
	    (job->record.is_revert_requested && !tally.has_revert) ||
	    (job->record.is_cancel_requested && !tally.has_cancel))
		lab_break(lab, "history of job %llu does not tell what people asked for",
			  (unsigned long long)job->record.id);
}

static int find_replaced(const struct history_row *row, void *userdata)
{
	bool *is_found = userdata;

	*is_found |= strcmp(row->action, "store") == 0 && strcmp(row->result, "replaced") == 0 &&
		     access(row->details, F_OK) == 0;
	return 0;
}

void law_damage_is_told(struct lab *lab)
{
	bool is_found = false;

	if (!lab->scenario->begins_damaged || lab->scenario->begins_without)
		return;
	if (manager_history(lab->manager, "", STORE_HISTORY_ROWS_MAX, find_replaced, &is_found) <
		    0 ||
	    !is_found)
		lab_break(lab, "the database was replaced, and history does not tell where it is");
}

/* "A request and its row of history are one": what is said to have been asked for is known to its job. */
void law_requests(struct lab *lab)
{
	for (struct job *job = NULL; (job = manager_next_job(lab->manager, job));) {
		const struct job_record *record = &job->record;
		struct tally tally = { .job_id = record->id, .end = "" };

		if (manager_history(lab->manager, "", STORE_HISTORY_ROWS_MAX, count_row, &tally) <
		    0)
			lab_break(lab, "history cannot be read");
		if ((tally.has_confirm && !record->is_confirm_requested) ||
		    (tally.has_cancel && !record->is_cancel_requested) ||
		    (tally.has_revert && record->type == JOB_INSTALL &&
		     !record->is_revert_requested))
			lab_break(lab, "job %llu does not know what history says people asked for",
				  (unsigned long long)record->id);
	}
}
