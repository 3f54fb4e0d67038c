/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A model of a device and its kernel, for test-engine-walk.c: slots with contents, boots, attempts, fallback, orders and
 * what happens by itself. It keeps the rules of the real kernel and says when an order would have done harm.
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/step.h"

#define GOOD_DIGEST "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define OLD_DIGEST "sha256:2222222222222222222222222222222222222222222222222222222222222222"
#define TORN_DIGEST "sha256:3333333333333333333333333333333333333333333333333333333333333333"
#define LENGTH 1000
#define LIMIT 3
#define SECOND UINT64_C(1000000)

enum behaviour { BOOTS, BOOT_LOOPS, REFUSED, WRONG_VERSION, BEHAVIOURS };

struct content {
	const char *digest; /* of the bytes that are really there; NULL = empty */
	enum behaviour behaviour;
};

/* The device as it is, and (in picture) as the kernel shows it. */
struct world {
	struct kernel_device picture;
	struct content slots[3];
	bool is_present, remembers, has_boot_control;
	enum behaviour new_behaviour;
	int writing; /* slot the kernel writes, -1 */
	bool is_writing_backup; /* the old firmware, not the new */
	bool will_restart, will_crash;
	uint64_t now;
	unsigned random;
	bool is_calm;
	unsigned badness; /* percent of the mishaps' usual frequency */
};

static const char *broken; /* first invariant broken in this walk */

static void invariant(bool holds, const char *what)
{
	if (!holds && !broken)
		broken = what;
}

static unsigned draw(struct world *world, unsigned below)
{
	world->random = world->random * 1664525u + 1013904223u;
	return (world->random >> 8) % below;
}

static bool chance(struct world *world, unsigned percent)
{
	return draw(world, 100) < percent;
}

/* Chaos is over in a calm world. */
static bool mishap(struct world *world, unsigned percent)
{
	return !world->is_calm && draw(world, 10000) < percent * world->badness;
}

static void show_slot(struct world *world, unsigned slot, enum kernel_slot_state state,
		      bool digest_known)
{
	struct kernel_slot *shown = &world->picture.slots[slot];
	const struct content *content = &world->slots[slot];

	shown->state = state;
	shown->digest[0] = shown->version[0] = '\0';
	shown->image_size_bytes = 0;
	if (!content->digest)
		return;
	shown->image_size_bytes = LENGTH;
	if (digest_known)
		strcpy(shown->digest, content->digest);
	if (strcmp(content->digest, TORN_DIGEST) != 0)
		strcpy(shown->version, strcmp(content->digest, GOOD_DIGEST) == 0 ? "2.0" : "1.0");
}

static bool content_is_whole(const struct content *content)
{
	return content->digest && strcmp(content->digest, TORN_DIGEST) != 0;
}

static void set_running(struct world *world, int slot)
{
	for (unsigned i = 0; i < world->picture.num_slots; i++)
		world->picture.slots[i].is_active = (int)i == slot;
	world->picture.boot.running_slot = slot;
	world->picture.boot.next_slot = slot;
	/* Lying firmware tells its wrong version only when it runs. */
	if (world->slots[slot].behaviour == WRONG_VERSION && content_is_whole(&world->slots[slot]))
		strcpy(world->picture.slots[slot].version, "0.0");
}

static int good_other(struct world *world, int than)
{
	for (unsigned i = 0; i < world->picture.num_slots; i++)
		if ((int)i != than && content_is_whole(&world->slots[i]) &&
		    (world->picture.slots[i].state == KERNEL_SLOT_VALID ||
		     world->picture.slots[i].state == KERNEL_SLOT_CONFIRMED))
			return (int)i;
	return -1;
}

static void fall_back(struct world *world, int from, int to, enum kernel_boot_state state,
		      enum kernel_restart_reason reason)
{
	world->picture.slots[from].state = KERNEL_SLOT_INVALID_IMAGE;
	world->picture.slots[to].state = KERNEL_SLOT_CONFIRMED;
	world->picture.boot.state = state;
	world->picture.boot.last_restart_reason = reason;
	set_running(world, to);
}

static void boot(struct world *world, enum kernel_restart_reason reason)
{
	struct kernel_boot *b = &world->picture.boot;
	int slot = b->next_slot >= 0 ? b->next_slot : b->running_slot;
	struct kernel_slot *shown = &world->picture.slots[slot];
	bool on_trial = shown->state == KERNEL_SLOT_PENDING || shown->state == KERNEL_SLOT_TRIAL;
	int other = good_other(world, slot);

	world->picture.status = KERNEL_STATUS_IDLE;
	world->will_restart = world->will_crash = false;
	b->total++;
	if (!on_trial || !world->has_boot_control) {
		b->last_restart_reason = reason;
		set_running(world, slot);
		return;
	}
	if (world->slots[slot].behaviour == REFUSED && other >= 0) {
		fall_back(world, slot, other, KERNEL_BOOT_CONFIRMED, KERNEL_RESTART_FAULT);
		return;
	}
	if (b->attempts_left == 0 && other >= 0) {
		fall_back(world, slot, other, KERNEL_BOOT_FALLBACK,
			  KERNEL_RESTART_ATTEMPTS_EXHAUSTED);
		return;
	}
	b->attempts++;
	b->attempts_left -= b->attempts_left > 0;
	b->last_restart_reason = reason;
	b->state = KERNEL_BOOT_TRIAL;
	shown->state = KERNEL_SLOT_TRIAL;
	set_running(world, slot);
	world->will_crash = world->slots[slot].behaviour == BOOT_LOOPS;
}

static void stop_writing(struct world *world)
{
	if (world->writing >= 0) {
		world->slots[world->writing] = (struct content){ .digest = TORN_DIGEST };
		show_slot(world, (unsigned)world->writing, KERNEL_SLOT_PARTIAL, true);
		world->picture.slots[world->writing].status = KERNEL_STATUS_IDLE;
		world->writing = -1;
	}
	for (unsigned i = 0; i < world->picture.num_slots; i++)
		if (world->picture.slots[i].status == KERNEL_STATUS_RECEIVING)
			world->picture.slots[i].status = KERNEL_STATUS_IDLE;
	world->picture.status = KERNEL_STATUS_IDLE;
}

static void make_world(struct world *world, unsigned seed)
{
	*world = (struct world){
		.random = seed, .writing = -1, .is_present = true, .now = 1000 * SECOND
	};
	world->badness = (const unsigned[]){ 0, 5, 15, 40, 100 }[draw(world, 5)];
	world->picture.num_slots = 1 + draw(world, 10) % 3 + (draw(world, 4) > 0 ? 1 : 0);
	if (world->picture.num_slots > 3)
		world->picture.num_slots = 3;
	world->has_boot_control = chance(world, 90);
	world->remembers = chance(world, 50);
	world->new_behaviour = draw(world, 2) ? BOOTS : draw(world, BEHAVIOURS);
	world->picture.can_restart = chance(world, 95);
	world->picture.boot.is_present = world->has_boot_control;
	world->picture.boot.state = KERNEL_BOOT_CONFIRMED;
	world->picture.boot.limit = LIMIT;
	world->picture.boot.fallback_slot = -1;
	world->picture.boot.total = draw(world, 5);
	world->slots[0] =
		(struct content){ .digest = chance(world, 97) ? OLD_DIGEST : GOOD_DIGEST };
	if (world->picture.num_slots > 1 && chance(world, 30))
		world->slots[1] = (struct content){ .digest = OLD_DIGEST };
	for (unsigned i = 0; i < world->picture.num_slots; i++) {
		world->picture.slots[i].size_bytes = chance(world, 98) ? 2 * LENGTH : LENGTH / 2;
		world->picture.slots[i].is_readable = chance(world, 80);
		show_slot(world, i,
			  !world->slots[i].digest ? KERNEL_SLOT_EMPTY :
			  i == 0		  ? KERNEL_SLOT_CONFIRMED :
						    KERNEL_SLOT_VALID,
			  true);
	}
	set_running(world, 0);
}

/* Orders: what the kernel would do and answer. */

static int order_load(struct world *world, int slot)
{
	invariant(world->picture.num_slots == 1 || slot != world->picture.boot.running_slot,
		  "the running slot is never written when there is another");
	if (world->picture.status != KERNEL_STATUS_IDLE || world->writing >= 0)
		return -EBUSY;
	world->picture.slots[slot].status = KERNEL_STATUS_RECEIVING;
	world->picture.slots[slot].error[0] = '\0';
	return 0;
}

static int order_commit(struct world *world, int slot)
{
	if (world->picture.slots[slot].status != KERNEL_STATUS_RECEIVING)
		return -EINVAL;
	world->picture.slots[slot].status = KERNEL_STATUS_ERASING;
	world->picture.status = KERNEL_STATUS_ERASING;
	if (world->picture.slots[slot].state == KERNEL_SLOT_PENDING)
		world->picture.boot.next_slot = world->picture.boot.running_slot;
	world->slots[slot] = (struct content){ .digest = TORN_DIGEST };
	show_slot(world, (unsigned)slot, KERNEL_SLOT_PARTIAL, false);
	world->writing = slot;
	return 0;
}

static int order_activate(struct world *world, int slot, const struct job_record *record)
{
	struct kernel_slot *shown = &world->picture.slots[slot];

	if (!world->has_boot_control)
		return -EOPNOTSUPP;
	if (slot == world->picture.boot.running_slot &&
	    world->picture.boot.state == KERNEL_BOOT_UNKNOWN) {
		world->picture.boot.state = KERNEL_BOOT_TRIAL;
		shown->state = KERNEL_SLOT_TRIAL;
		if (world->picture.boot.attempts < record->attempts)
			world->picture.boot.attempts = record->attempts;
		world->picture.boot.attempts_left =
			LIMIT - (record->attempts < LIMIT ? record->attempts : LIMIT);
		return 0;
	}
	invariant(world->slots[slot].digest &&
			  strcmp(world->slots[slot].digest, record->digest) == 0,
		  "no slot is chosen unless it holds the authenticated bytes");
	if (shown->state != KERNEL_SLOT_VALID && shown->state != KERNEL_SLOT_PENDING)
		return -EINVAL;
	shown->state = KERNEL_SLOT_PENDING;
	world->picture.boot.next_slot = slot;
	world->picture.boot.attempts = 0;
	world->picture.boot.attempts_left = LIMIT;
	return 0;
}

static int order_activate_previous(struct world *world, int slot)
{
	invariant(content_is_whole(&world->slots[slot]), "going back is only to whole firmware");
	if (!world->has_boot_control)
		return -EOPNOTSUPP;
	for (unsigned i = 0; i < world->picture.num_slots; i++)
		if (world->picture.slots[i].state == KERNEL_SLOT_PENDING)
			world->picture.slots[i].state = KERNEL_SLOT_VALID;
	world->picture.boot.next_slot = slot;
	return 0;
}

static int order_restart(struct world *world)
{
	if (!world->picture.can_restart)
		return -EOPNOTSUPP;
	world->picture.status = KERNEL_STATUS_RESTARTING;
	world->will_restart = true;
	return 0;
}

static int order_confirm(struct world *world)
{
	if (world->picture.boot.state != KERNEL_BOOT_TRIAL)
		return -ENOENT;
	world->picture.boot.state = KERNEL_BOOT_CONFIRMED;
	world->picture.slots[world->picture.boot.running_slot].state = KERNEL_SLOT_CONFIRMED;
	return 0;
}

static void kernel_works(struct world *world)
{
	int slot = world->writing;
	struct kernel_slot *shown;

	if (slot < 0 || !chance(world, 50))
		return;
	shown = &world->picture.slots[slot];
	if (shown->status < KERNEL_STATUS_VERIFYING) {
		shown->status++;
		world->picture.status = shown->status;
		return;
	}
	shown->status = world->picture.status = KERNEL_STATUS_IDLE;
	world->writing = -1;
	if (mishap(world, 15)) {
		strcpy(shown->error, "transferring:timeout");
		return;
	}
	/* A bit flipped on the way, or the payload was damaged on disk. */
	world->slots[slot] = (struct content){ .digest = mishap(world, 10)	  ? TORN_DIGEST :
							 world->is_writing_backup ? OLD_DIGEST :
										    GOOD_DIGEST,
					       .behaviour = world->is_writing_backup ?
								    BOOTS :
								    world->new_behaviour };
	show_slot(world, (unsigned)slot, KERNEL_SLOT_VALID, true);
}

static void device_lives(struct world *world)
{
	if (!world->is_present)
		return;
	kernel_works(world);
	if (world->will_restart && chance(world, 60))
		boot(world, KERNEL_RESTART_COMMANDED);
	else if (world->will_crash && chance(world, 60))
		boot(world, KERNEL_RESTART_WATCHDOG);
}
