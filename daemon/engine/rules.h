/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a row of the decision table looks, and what predicates ask of a situation. Private to the step-*.c files, of which
 * each holds the rows of a few phases. Everything here is pure.
 */
#pragma once

#include "engine/step.h"

/* Everything a rule may look at. */
struct situation {
	const struct job_record *job;
	const struct kernel_device *device; /* NULL = away */
	const struct job_knowledge *knowledge;
	const struct job_policy *policy;
	uint64_t now_usec;
	const struct kernel_slot *target,
		*previous; /* NULL = not chosen, or the device has no such slot */
	int running; /* slot, -1 = unknown */
};

/* A row: the first whose @applies says yes decides. */
struct rule {
	const char *name;
	const char *sentence; /* for the manual: when, and why */
	bool (*applies)(const struct situation *situation);
	enum job_action action;
	enum job_phase next; /* JOB_PHASE_INVALID = stays */
	enum reason reason; /* becomes the record's, unless that has one already */
	void (*amend)(const struct situation *situation,
		      struct job_step *step); /* NULL = nothing more */
};

#define STAYS JOB_PHASE_INVALID

/* The rows of one phase; a table ends with a row that always applies. */
struct rule_table {
	enum job_phase phase;
	const struct rule *rules;
	size_t count;
};

extern const struct rule_table
	rules_common; /* tried first in every phase; no last row that always applies */
extern const struct rule_table rules_queued, rules_verifying; /* step-verify.c */
extern const struct rule_table rules_downloading; /* step-download.c */
extern const struct rule_table rules_backing_up; /* step-backup.c */
extern const struct rule_table rules_waiting; /* step-wait.c */
extern const struct rule_table rules_writing; /* step-write.c */
extern const struct rule_table rules_restarting, rules_checking; /* step-restart.c */
extern const struct rule_table rules_trial; /* step-trial.c */
extern const struct rule_table rules_reverting; /* step-revert.c */
extern const struct rule_table rules_restoring; /* step-restore.c */

/* Predicates shared by several phases. */
bool always(const struct situation *s);
bool is_from_remote(const struct situation *s); /* an install by an update source */
bool is_scheduled(const struct situation *s); /* begun by itself */
bool is_revert_requested(const struct situation *s);
bool target_has_gone(const struct situation *s); /* the device came back with fewer slots */
bool target_holds_image(
	const struct situation *s); /* digest and length are the authenticated ones */
bool target_is_chosen(const struct situation *s); /* the next boot would start the target */
bool target_is_running(const struct situation *s);
bool target_runs_otherwise(
	const struct situation *s); /* it runs, but says it is another firmware */
bool previous_is_running(const struct situation *s); /* ... and is not the target */
bool device_is_idle(const struct situation *s);
bool has_restarted(const struct situation *s); /* since it was told to */
bool slot_is_worth_a_backup(const struct situation *s, int slot);
bool has_way_back_by_backup(
	const struct situation *s); /* the only slot, and its firmware before is saved */
bool only_slot_was_refused(const struct situation *s); /* the device does not start what it holds */
bool error_is_lasting(int error); /* trying again cannot help */
bool was_ordered(const struct situation *s,
		 enum job_action action); /* last, successfully, by this process */
/* When the wait of this phase began: the latest of phase, resumption and last order. */
uint64_t waiting_since(const struct situation *s);
bool restart_has_timed_out(const struct situation *s);

/* A write under way (step-write.c), whichever phase began it. There is a target. */
bool slot_is_receiving(const struct situation *s);
bool copy_is_running(const struct situation *s);
bool all_is_received(const struct situation *s);
bool kernel_is_working(const struct situation *s);
bool write_timed_out(const struct situation *s);
void until_write_deadline(const struct situation *s, struct job_step *step);

/* Amendments shared by several phases. */
void at_once(const struct situation *s, struct job_step *step); /* ask again immediately */
void until_restart_timeout(const struct situation *s, struct job_step *step);
void begin_reverting(const struct situation *s, struct job_step *step);
void begin_restoring(const struct situation *s, struct job_step *step);
void note_load(const struct situation *s, struct job_step *step);
void note_commit(const struct situation *s, struct job_step *step);
void reason_of_work(const struct situation *s, struct job_step *step); /* why the worker failed */
void reason_of_order(const struct situation *s, struct job_step *step); /* why the kernel refused */
void until_next_boot(
	const struct situation *s,
	struct job_step *step); /* given up: only then does it make sense to try again (adopt.c) */
void note_restart(const struct situation *s,
		  struct job_step *step); /* counts it, remembers boot/total */
