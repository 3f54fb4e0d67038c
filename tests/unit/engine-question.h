/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions for the decision table, as test-engine-rows.c puts them: the ordinary situation of a
 * phase, and the functions that make it a particular one.
 */
#pragma once

#include <string.h>

#include "engine/step.h"

#define OLD "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define NEW "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define OTHER "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define SECOND UINT64_C(1000000)
#define NOW (UINT64_C(100000) * SECOND)
#define STAYS JOB_PHASE_INVALID

struct question {
	struct job_record job;
	struct kernel_device device;
	struct job_knowledge knowledge;
	struct job_policy policy;
	bool is_away;
};

/* Two slots; 0 runs 1.0, confirmed; 1 is empty. The job is about version 2.0 in slot 1. */
static struct question ordinary(enum job_phase phase)
{
	struct question q = {
		.job = { .id = 1,
			 .phase = phase,
			 .device_id = "sim0",
			 .phase_usec = NOW,
			 .target_slot = 1,
			 .version = "2.0",
			 .version_before = "1.0",
			 .digest = NEW,
			 .length_bytes = 100 },
		.device = { .num_slots = 2,
			    .can_restart = true,
			    .boot = { .is_present = true,
				      .state = KERNEL_BOOT_CONFIRMED,
				      .fallback_slot = -1,
				      .limit = 3,
				      .total = 5 } },
		.knowledge = { .has_bundle = true,
			       .has_payload = true,
			       .resumed_usec = NOW,
			       .release = { .version = "2.0",
					    .digest = NEW,
					    .length_bytes = 100 } },
		.policy = { .trial_usec = 600 * SECOND,
			    .auto_confirm = true,
			    .restart_timeout_usec = 60 * SECOND,
			    .reappear_timeout_usec = 3600 * SECOND,
			    .write_timeout_usec = 1000 * SECOND,
			    .write_tries_max = 3 },
	};

	q.device.slots[0] = (struct kernel_slot){ .size_bytes = 200,
						  .state = KERNEL_SLOT_CONFIRMED,
						  .is_active = true,
						  .version = "1.0",
						  .digest = OLD,
						  .image_size_bytes = 50 };
	q.device.slots[1] = (struct kernel_slot){ .size_bytes = 200, .state = KERNEL_SLOT_EMPTY };
	return q;
}

#define SLOT0 q->device.slots[0]
#define SLOT1 q->device.slots[1]
#define BOOT q->device.boot
#define KNOWN q->knowledge
#define JOB q->job

static void written(struct question *q)
{
	SLOT1 = (struct kernel_slot){ .size_bytes = 200,
				      .state = KERNEL_SLOT_VALID,
				      .version = "2.0",
				      .digest = NEW,
				      .image_size_bytes = 100 };
}

static void chosen(struct question *q)
{
	written(q);
	SLOT1.state = KERNEL_SLOT_PENDING;
	BOOT.next_slot = 1;
}

static void on_trial(struct question *q)
{
	written(q);
	SLOT1.state = KERNEL_SLOT_TRIAL;
	SLOT0.state = KERNEL_SLOT_VALID;
	BOOT.running_slot = BOOT.next_slot = 1;
	BOOT.state = KERNEL_BOOT_TRIAL;
	JOB.boots_before = BOOT.total;
	JOB.trial_end_usec = NOW + 600 * SECOND;
	JOB.restart_tries = 1;
}

static void trial_over(struct question *q)
{
	on_trial(q);
	JOB.phase_usec = NOW - 700 * SECOND;
	JOB.trial_end_usec = NOW;
}

static void ordered(struct question *q, enum job_action action, int error)
{
	KNOWN.last_action = action;
	KNOWN.last_error = error;
	KNOWN.last_usec = NOW - 10 * SECOND;
	KNOWN.tries = 1;
}

static void restarted(struct question *q)
{
	written(q);
	JOB.restart_tries = 1;
	JOB.boots_before = 4;
	ordered(q, ACTION_RESTART, 0);
}

/* A boot loader that moves images instead of starting another slot. */
static void swapped(struct question *q)
{
	struct kernel_slot old = SLOT0;

	written(q);
	SLOT0 = SLOT1;
	SLOT1 = old;
	JOB.restart_tries = 1;
}

/* Its only slot was written, and nobody has told it to restart. */
static void only_slot(struct question *q)
{
	written(q);
	SLOT0 = SLOT1;
	SLOT0.state = KERNEL_SLOT_CONFIRMED;
	q->device.num_slots = 1;
	JOB.target_slot = 0;
	JOB.previous_slot = -1;
	JOB.is_committed = true;
	JOB.boots_before = BOOT.total;
}

/* The version of the new firmware was there before: that the old slot tells it proves no swap. */
static void same_version(struct question *q)
{
	chosen(q);
	SLOT1.digest[0] = SLOT1.version[0] = '\0';
	memcpy(JOB.version_before, JOB.version, sizeof(JOB.version));
	memcpy(SLOT0.version, JOB.version, sizeof(SLOT0.version));
	SLOT0.digest[0] = '\0';
}

static void late(struct question *q)
{
	KNOWN.resumed_usec = NOW - 5000 * SECOND;
	KNOWN.away_since_usec = NOW - 5000 * SECOND;
	KNOWN.last_usec = 0;
	JOB.phase_usec = NOW - 5000 * SECOND;
}
