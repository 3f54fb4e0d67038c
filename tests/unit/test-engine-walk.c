/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walks the decision table: a small model of a device and its kernel, a loop like the daemon's, and pseudo-random
 * events at every step: crashes of the daemon before and after each action, vanishing devices, restarts of the host,
 * bad firmware, failing writes, people who change their minds. After some chaos the world becomes calm, and the job has
 * to end. Invariants are checked at every step; the seed of a failing walk is printed.
 * Usage: test-engine-walk [seed [walks]]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine-world.h"
#include "engine/step.h"
#include "tap.h"

#define CHAOS_STEPS 60
#define CALM_STEPS 4000
#define WALKS_DEFAULT 60000

struct daemon {
	struct job_record record; /* what the store holds */
	struct job_knowledge knowledge;
	struct job_policy policy;
	bool is_final;
};

struct tally {
	unsigned long walks, steps, ends[JOB_PHASE_MAX], reasons[_REASON_COUNT];
	unsigned long rules_hit;
	bool rule_was_hit[256];
};

static int obey(struct world *world, struct daemon *daemon, enum job_action action)
{
	const struct job_record *record = &daemon->record;

	switch (action) {
	case ACTION_VERIFY:
		daemon->knowledge.verify = WORK_RUNNING;
		return 0;
	case ACTION_DOWNLOAD:
		daemon->knowledge.download = WORK_RUNNING;
		return 0;
	case ACTION_CHECK_HEALTH:
		daemon->knowledge.health = WORK_RUNNING;
		return 0;
	case ACTION_UNPACK:
		daemon->knowledge.unpack = WORK_RUNNING;
		return 0;
	case ACTION_BACK_UP:
		daemon->knowledge.back_up = WORK_RUNNING;
		return 0;
	default:
		break;
	}
	if (!world->is_present)
		return -ENODEV;
	if (mishap(world, 5))
		return chance(world, 70) ? -EBUSY : chance(world, 50) ? -EIO : -EPERM;
	switch (action) {
	case ACTION_LOAD: {
		int r = order_load(world, record->target_slot);

		daemon->knowledge.copy = r < 0 ? WORK_NONE : WORK_RUNNING;
		return r;
	}
	case ACTION_COMMIT:
		daemon->knowledge.copy = WORK_NONE;
		world->is_writing_backup = record->phase == JOB_RESTORING;
		return order_commit(world, record->target_slot);
	case ACTION_ABORT_LOAD:
		world->picture.slots[record->target_slot].status = KERNEL_STATUS_IDLE;
		return 0;
	case ACTION_ACTIVATE:
	case ACTION_RESTORE_ATTEMPTS:
		return order_activate(world, record->target_slot, record);
	case ACTION_ACTIVATE_PREVIOUS:
		return order_activate_previous(world, record->phase == JOB_RESTORING ?
							      record->target_slot :
							      record->previous_slot);
	case ACTION_RESTART:
		return order_restart(world);
	case ACTION_CONFIRM:
		invariant(strcmp(world->slots[record->target_slot].digest, GOOD_DIGEST) == 0 ||
				  (record->phase == JOB_RESTORING &&
				   strcmp(world->slots[record->target_slot].digest,
					  record->backup_digest) == 0),
			  "only the authenticated firmware is confirmed");
		return order_confirm(world);
	default:
		invariant(false, "an action nobody performs");
		return -EINVAL;
	}
}

/* The daemon. */

static void forget(struct daemon *daemon, const struct world *world)
{
	bool has_payload = daemon->record.digest[0] && daemon->knowledge.has_payload;

	daemon->knowledge = (struct job_knowledge){
		.has_payload = has_payload,
		.has_bundle = daemon->record.source[0] != '\0',
		.resumed_usec = world->now,
		.away_since_usec = world->now,
	};
}

static void check_end(const struct world *world, const struct job_record *record)
{
	int running = world->picture.boot.running_slot;

	if (record->phase == JOB_DONE && record->type == JOB_INSTALL) {
		invariant(strcmp(world->slots[running].digest, GOOD_DIGEST) == 0,
			  "done means the new firmware runs");
		invariant(!world->has_boot_control ||
				  world->picture.boot.state != KERNEL_BOOT_TRIAL,
			  "done means the device knows that it is confirmed");
		invariant(world->slots[running].behaviour != WRONG_VERSION,
			  "firmware that tells another version is never kept");
	}
	if (record->phase == JOB_REVERTED) {
		invariant(record->previous_slot >= 0 ?
				  running == record->previous_slot :
				  strcmp(world->slots[running].digest, record->backup_digest) == 0,
			  "reverted means the previous slot runs, or what it held is back");
		invariant(!world->has_boot_control ||
				  world->picture.boot.state != KERNEL_BOOT_TRIAL ||
				  record->previous_slot >= 0,
			  "and that the device counts no attempts");
		invariant(world->picture.boot.next_slot == running, "and will run");
		invariant(record->reason != REASON_OK, "and there is a reason");
	}
	if (record->phase == JOB_DONE && record->type == JOB_REVERT)
		invariant(running == record->previous_slot,
			  "a revert that is done runs the other slot");
	if (record->phase == JOB_FAILED)
		invariant(record->reason != REASON_OK, "a failure has a reason");
	if (record->phase == JOB_CANCELLED)
		invariant(record->write_tries == 0, "a cancelled job has written nothing");
}

static void note_rule(struct tally *tally, const char *name, const char *phase)
{
	struct engine_rule_text text;

	for (size_t i = 0; engine_rule_at(i, &text); i++) {
		if (strcmp(text.name, name) != 0 ||
		    (strcmp(text.phase, phase) != 0 && strcmp(text.phase, "any") != 0))
			continue;
		tally->rules_hit += !tally->rule_was_hit[i];
		tally->rule_was_hit[i] = true;
		return;
	}
	invariant(false, "a rule that is in no table");
}

static void take_record(struct daemon *daemon, const struct job_record *next)
{
	if (next->phase != daemon->record.phase) {
		daemon->knowledge.last_action = ACTION_WAIT;
		daemon->knowledge.last_error = 0;
		daemon->knowledge.last_usec = 0;
		daemon->knowledge.tries = 0;
		daemon->knowledge.health = WORK_NONE;
		if (next->phase == JOB_REVERTING || next->phase == JOB_RESTARTING ||
		    next->phase == JOB_RESTORING)
			daemon->knowledge.was_away = false;
		if (next->phase == JOB_RESTORING)
			daemon->knowledge.unpack = daemon->knowledge.copy = WORK_NONE;
	}
	if (next->trial_end_usec != daemon->record.trial_end_usec)
		daemon->knowledge.health = WORK_NONE;
	daemon->record = *next;
}

/* As run.c: record, action, result; with a crash possible at each seam. Returns when there is something to wait for. */
static uint64_t run(struct world *world, struct daemon *daemon, struct tally *tally)
{
	for (unsigned steps = 0; steps < 64; steps++) {
		const struct kernel_device *device = world->is_present ? &world->picture : NULL;
		struct job_knowledge *knowledge = &daemon->knowledge;
		struct job_step step, again;
		int r;

		engine_step(&daemon->record, device, knowledge, &daemon->policy, world->now, &step);
		engine_step(&daemon->record, device, knowledge, &daemon->policy, world->now,
			    &again);
		invariant(memcmp(&step, &again, sizeof(step)) == 0,
			  "the same question has the same answer");
		note_rule(tally, step.rule, job_phase_to_string(daemon->record.phase));
		tally->steps++;
		if (mishap(world, 3)) {
			forget(daemon, world); /* crashed before the record was written */
			continue;
		}
		take_record(daemon, &step.next);
		if (step.action == ACTION_FINISH) {
			invariant(job_phase_is_final(step.next.phase), "finishing is final");
			check_end(world, &step.next);
			daemon->is_final = true;
			return 0;
		}
		invariant(!job_phase_is_final(step.next.phase), "final is only by finishing");
		if (step.action == ACTION_WAIT) {
			if (step.wake_usec > world->now)
				return step.wake_usec;
			continue;
		}
		if (mishap(world, 3)) {
			forget(daemon, world); /* crashed after the record, before the action */
			continue;
		}
		r = obey(world, daemon, step.action);
		if (mishap(world, 3)) {
			forget(daemon,
			       world); /* crashed after the action, before its result was known */
			continue;
		}
		knowledge->tries = knowledge->last_action == step.action ? knowledge->tries + 1 : 1;
		knowledge->last_action = step.action;
		knowledge->last_error = r;
		knowledge->last_usec = world->now;
		if (step.action == ACTION_RESTART)
			knowledge->was_away = false;
		if (step.action == ACTION_RESTORE_ATTEMPTS && r &&
		    (r != -EBUSY || knowledge->tries >= STEP_ORDER_TRIES_MAX))
			knowledge->cannot_restore = true;
		if (daemon->record.phase == JOB_DONE || broken)
			return UINT64_MAX;
	}
	invariant(world->is_calm == false, "the loop does not go in circles");
	return world->now + SECOND;
}

/* What the world does by itself. */

static const struct job_release good_release = { .version = "2.0",
						 .counter = 2,
						 .new_floor = 2,
						 .digest = GOOD_DIGEST,
						 .length_bytes = LENGTH };

static void work_ends(struct world *world, struct daemon *daemon)
{
	struct job_knowledge *k = &daemon->knowledge;

	if (k->verify == WORK_RUNNING && chance(world, 50)) {
		k->verify = mishap(world, 10) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = REASON_BAD_SIGNATURE;
		k->release = good_release;
		k->has_payload = k->verify == WORK_SUCCEEDED;
	}
	if (k->download == WORK_RUNNING && chance(world, 50)) {
		k->download = mishap(world, 20) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = chance(world, 70) ? REASON_TIMEOUT : REASON_WRONG_DIGEST;
		k->downloads += k->download == WORK_FAILED;
		k->download_failed_usec = world->now;
		if (k->download == WORK_SUCCEEDED) {
			k->verify = WORK_SUCCEEDED;
			k->release = good_release;
			k->has_payload = true;
		}
	}
	if (k->back_up == WORK_RUNNING && chance(world, 50)) {
		const char *held = world->slots[daemon->record.target_slot].digest;

		k->back_up = mishap(world, 10) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = REASON_NO_SPACE;
		k->made = (struct job_backup){ .length_bytes = LENGTH };
		strcpy(k->made.digest, held ? held : OLD_DIGEST);
	}
	if (k->unpack == WORK_RUNNING && chance(world, 50)) {
		k->unpack = mishap(world, 10) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = REASON_BACKUP_DAMAGED;
	}
	if (k->copy == WORK_RUNNING && chance(world, 50)) {
		k->copy = mishap(world, 20) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = REASON_TRANSFER_FAILED;
	}
	if (k->health == WORK_RUNNING && chance(world, 50)) {
		k->health = mishap(world, 20) ? WORK_FAILED : WORK_SUCCEEDED;
		k->reason = REASON_HEALTH_FAILED;
	}
}

static void vanish(struct world *world, struct daemon *daemon)
{
	stop_writing(world);
	world->is_present = false;
	daemon->knowledge.away_since_usec = world->now;
	daemon->knowledge.copy = WORK_NONE;
	if (daemon->knowledge.back_up == WORK_RUNNING)
		daemon->knowledge.back_up = WORK_NONE;
	if (daemon->record.phase == JOB_TRIAL)
		daemon->knowledge.health = WORK_NONE;
}

static void come_back(struct world *world, struct daemon *daemon)
{
	world->is_present = true;
	daemon->knowledge.was_away = true;
	daemon->knowledge.cannot_restore = false;
	boot(world, KERNEL_RESTART_POWER_ON);
}

static void restart_host(struct world *world, struct daemon *daemon)
{
	stop_writing(world);
	if (!world->remembers) {
		world->picture.boot.state = KERNEL_BOOT_UNKNOWN;
		world->picture.boot.attempts = 0;
		world->picture.boot.attempts_left = 0;
		world->picture.boot.last_restart_reason = KERNEL_RESTART_UNKNOWN;
		for (unsigned i = 0; i < world->picture.num_slots; i++) {
			if (world->picture.slots[i].state == KERNEL_SLOT_PENDING ||
			    world->picture.slots[i].state == KERNEL_SLOT_TRIAL)
				world->picture.slots[i].state = KERNEL_SLOT_VALID;
			world->picture.slots[i].digest[0] = '\0';
		}
		world->picture.boot.next_slot = world->picture.boot.running_slot;
	}
	world->picture.boot.total = draw(world, 3);
	forget(daemon, world);
	world->is_present = true;
}

static void people_act(struct world *world, struct daemon *daemon)
{
	struct job_record *record = &daemon->record;

	if (mishap(world, 2) && job_is_cancellable(record))
		record->is_cancel_requested = true;
	if (mishap(world, 2) && (record->phase == JOB_TRIAL || record->phase == JOB_RESTARTING) &&
	    (record->previous_slot >= 0 || record->backup_digest[0]))
		record->is_revert_requested = true;
	if ((mishap(world, 3) || (world->is_calm && !daemon->policy.auto_confirm)) &&
	    record->phase == JOB_TRIAL)
		record->is_confirm_requested = true;
}

/* What stands in the way ends some time. */
static void gate_opens(struct world *world, struct daemon *daemon)
{
	enum gate gate = mishap(world, 20) ? GATE_OVER : chance(world, 50) ? GATE_OPEN : GATE_SHUT;

	if (daemon->record.phase == JOB_WAITING)
		daemon->knowledge.gate = gate;
}

static void chaos(struct world *world, struct daemon *daemon)
{
	if (world->is_present ? mishap(world, 5) : chance(world, 40)) {
		if (world->is_present)
			vanish(world, daemon);
		else
			come_back(world, daemon);
	}
	if (mishap(world, 2))
		restart_host(world, daemon);
	if (mishap(world, 3))
		forget(daemon, world);
	if (mishap(world, 2))
		world->now -= world->now > 500 * SECOND ? 300 * SECOND : 0;
	if (mishap(world, 2) && world->is_present && world->writing < 0)
		boot(world, KERNEL_RESTART_POWER_ON);
	if (mishap(world, 1))
		daemon->knowledge.has_payload = false;
	if (mishap(world, 1) && world->picture.num_slots > 2 &&
	    world->picture.boot.running_slot < 2)
		world->picture.num_slots = 2;
	/* Somebody pulls the plug of a device that cannot restart itself. */
	if (world->is_calm && !world->picture.can_restart && world->is_present &&
	    chance(world, 10)) {
		vanish(world, daemon);
	}
}

static void make_daemon(struct daemon *daemon, struct world *world)
{
	*daemon = (struct daemon){
		.record = { .id = 1,
			    .type = draw(world, 8) == 0 ? JOB_REVERT : JOB_INSTALL,
			    .phase = JOB_QUEUED,
			    .device_id = "sim0",
			    .flags = draw(world, 4) ? MANAGER_FLAG_NO_WAY_BACK : 0,
			    .phase_usec = world->now,
			    .target_slot = -1,
			    .previous_slot = -1 },
		.knowledge = { .has_bundle = true, .resumed_usec = world->now },
		.policy = { .trial_usec = 600 * SECOND,
			    .auto_confirm = draw(world, 4) > 0,
			    .restart_timeout_usec = 60 * SECOND,
			    .reappear_timeout_usec = 3600 * SECOND,
			    .write_timeout_usec = 3600 * SECOND,
			    .write_tries_max = 3,
			    .backs_up_spares = draw(world, 2) == 0 },
	};
	if (chance(world, 50))
		strcpy(daemon->record.source, "file.fwb");
	if (daemon->record.type == JOB_INSTALL && chance(world, 30)) {
		strcpy(daemon->record.remote, "acme");
		strcpy(daemon->record.digest, GOOD_DIGEST);
		daemon->record.length_bytes = LENGTH;
		daemon->knowledge.has_bundle = false;
	}
}

/* Where something is under way it mostly ends before the timer does. */
static uint64_t time_that_passes(struct world *world, const struct daemon *daemon, uint64_t wake)
{
	const struct job_knowledge *k = &daemon->knowledge;
	bool is_quiet = world->writing < 0 && !world->will_restart && !world->will_crash &&
			k->verify != WORK_RUNNING && k->download != WORK_RUNNING &&
			k->copy != WORK_RUNNING && k->health != WORK_RUNNING;

	if (wake != UINT64_MAX && (is_quiet ? chance(world, 50) : mishap(world, 2)))
		return wake - world->now;
	return draw(world, 10) * SECOND;
}

static void walk(unsigned seed, struct tally *tally)
{
	struct world world;
	struct daemon daemon;
	unsigned steps;

	make_world(&world, seed);
	make_daemon(&daemon, &world);
	if (daemon.record.type == JOB_INSTALL && seed % 4 == 0)
		daemon.record.flags |= JOB_FLAG_SCHEDULED;
	for (steps = 0; steps < CHAOS_STEPS + CALM_STEPS && !daemon.is_final && !broken; steps++) {
		uint64_t wake;

		world.is_calm = steps >= CHAOS_STEPS;
		wake = run(&world, &daemon, tally);
		if (daemon.is_final)
			break;
		world.now += time_that_passes(&world, &daemon, wake);
		device_lives(&world);
		work_ends(&world, &daemon);
		people_act(&world, &daemon);
		gate_opens(&world, &daemon);
		chaos(&world, &daemon);
		invariant(content_is_whole(&world.slots[world.picture.boot.running_slot]) ||
				  world.picture.num_slots == 1,
			  "what runs is whole");
	}
	invariant(daemon.is_final, "every job ends");
	if (broken)
		printf("# seed %u, step %u: phase %s, job %s: %s\n", seed, steps,
		       job_phase_to_string(daemon.record.phase),
		       job_type_to_string(daemon.record.type), broken);
	tally->ends[daemon.record.phase]++;
	tally->reasons[daemon.record.reason]++;
	tally->walks++;
}

int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned)atoi(argv[1]) : 1,
		 count = argc > 2 ? (unsigned)atoi(argv[2]) : WALKS_DEFAULT;
	struct engine_rule_text text;
	struct tally tally = { 0 };
	unsigned failed = 0;
	size_t rules = 0;

	for (unsigned i = 0; i < count && failed < 10; i++) {
		broken = NULL;
		walk(seed + i, &tally);
		failed += broken != NULL;
	}
	tap_is(failed, 0, "no walk breaks an invariant");
	printf("# %lu walks, %lu steps from seed %u: %lu done, %lu reverted, %lu failed, %lu cancelled\n",
	       tally.walks, tally.steps, seed, tally.ends[JOB_DONE], tally.ends[JOB_REVERTED],
	       tally.ends[JOB_FAILED], tally.ends[JOB_CANCELLED]);
	tap_ok(tally.ends[JOB_DONE] > count / 20, "a good part ends done");
	tap_ok(tally.ends[JOB_REVERTED] > count / 100, "some are reverted");
	tap_ok(tally.ends[JOB_FAILED] > count / 100, "some fail");
	tap_ok(tally.ends[JOB_CANCELLED] > 0, "some are cancelled");
	for (enum reason reason = 0; reason < _REASON_COUNT; reason++)
		if (tally.reasons[reason])
			printf("# %lu for reason %s\n", tally.reasons[reason], reason_word(reason));
	for (rules = 0; engine_rule_at(rules, &text); rules++)
		if (!tally.rule_was_hit[rules])
			printf("# never reached: %s/%s\n", text.phase, text.name);
	printf("# %lu of %zu rows reached\n", tally.rules_hit, rules);
	return tap_done();
}
