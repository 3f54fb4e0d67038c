// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel module's boot assessment, compiled here without a kernel: every row of its table by name,
 * every order that people can give, and its promises over long pseudo-random histories.
 */
#include <errno.h>
#include <string.h>

#include "tap.h"

#include "kmod/core/boot-assessment.c"

/* The expression is its own description. */
#define is_number(got, expected) tap_is(got, expected, #got " is " #expected)

#define NONE FWSLOT_NO_SLOT
#define COMMANDED FWSLOT_RESTART_REASON_COMMANDED
#define FAULT FWSLOT_RESTART_REASON_FAULT
#define EXHAUSTED FWSLOT_RESTART_REASON_ATTEMPTS_EXHAUSTED

/* Confirmed firmware in slot 0, three attempts. */
static struct fwslot_boot fresh(void)
{
	return (struct fwslot_boot){
		.total = 7,
		.state = FWSLOT_BOOT_STATE_CONFIRMED,
		.running = 0,
		.next = 0,
		.fallback = NONE,
		.limit = 3,
	};
}

static struct fwslot_boot pending(bool is_permanent)
{
	struct fwslot_boot boot = fresh();

	fwslot_boot_activate(&boot, 1, is_permanent, true);
	return boot;
}

static struct fwslot_boot on_trial(unsigned attempts)
{
	struct fwslot_boot boot = pending(false);

	for (unsigned i = 0; i < attempts; i++)
		fwslot_boot_assess(&boot, 1, i ? FAULT : COMMANDED);
	return boot;
}

static void check(const char *what, const struct fwslot_boot *boot, __u64 total,
		  enum fwslot_boot_state state, int running, int fallback, unsigned attempts)
{
	tap_ok(boot->total == total && boot->state == state && boot->running == running &&
		       boot->fallback == fallback && boot->attempts == attempts,
	       "%s: total %llu, state %d, running %d, fallback %d, attempts %u", what,
	       (unsigned long long)boot->total, boot->state, boot->running, boot->fallback,
	       boot->attempts);
}

static void test_expected_boots(void)
{
	struct fwslot_boot boot = pending(false);
	struct fwslot_boot_outcome outcome;

	check("activated, not booted yet", &boot, 7, FWSLOT_BOOT_STATE_CONFIRMED, 0, NONE, 0);
	outcome = fwslot_boot_assess(&boot, 1, COMMANDED);
	check("a trial begins", &boot, 8, FWSLOT_BOOT_STATE_TRIAL, 1, 0, 1);
	tap_ok(!outcome.must_go_back && !outcome.has_fallen_back && outcome.failed_slot == NONE,
	       "and nothing follows from it");
	tap_ok(boot.pending == FWSLOT_PENDING_NONE && boot.next == 1, "and nothing is pending");

	boot = pending(true);
	fwslot_boot_assess(&boot, 1, COMMANDED);
	check("a permanent activation", &boot, 8, FWSLOT_BOOT_STATE_CONFIRMED, 1, NONE, 0);

	boot = fresh();
	fwslot_boot_assess(&boot, 0, FWSLOT_RESTART_REASON_WATCHDOG);
	check("a restart of confirmed firmware", &boot, 8, FWSLOT_BOOT_STATE_CONFIRMED, 0, NONE, 0);
	is_number(boot.last_restart_reason, FWSLOT_RESTART_REASON_WATCHDOG);
}

static void test_run_down(void)
{
	struct fwslot_boot boot = on_trial(3);
	struct fwslot_boot_outcome outcome;

	check("three attempts", &boot, 10, FWSLOT_BOOT_STATE_TRIAL, 1, 0, 3);
	is_number(fwslot_boot_attempts_left(&boot), 0);

	outcome = fwslot_boot_assess(&boot, 1, FAULT);
	tap_ok(outcome.must_go_back && !outcome.has_fallen_back, "the fourth is turned away");
	check("and is not counted", &boot, 10, FWSLOT_BOOT_STATE_TRIAL, 1, 0, 3);
	is_number(boot.next, 0);

	outcome = fwslot_boot_assess(&boot, 1, FAULT);
	tap_ok(!outcome.must_go_back, "the device is asked once");
	is_number(fwslot_boot_confirm(&boot), -ENOENT);

	outcome = fwslot_boot_assess(&boot, 0, COMMANDED);
	check("back in slot 0", &boot, 12, FWSLOT_BOOT_STATE_FALLBACK, 0, NONE, 0);
	tap_ok(outcome.has_fallen_back && outcome.failed_slot == 1, "slot 1 failed");
	is_number(boot.last_restart_reason, EXHAUSTED);

	fwslot_boot_assess(&boot, 0, FWSLOT_RESTART_REASON_POWER_ON);
	check("it stays a fallback", &boot, 13, FWSLOT_BOOT_STATE_FALLBACK, 0, NONE, 0);

	fwslot_boot_activate(&boot, 1, false, true);
	fwslot_boot_assess(&boot, 1, COMMANDED);
	check("until the next trial", &boot, 14, FWSLOT_BOOT_STATE_TRIAL, 1, 0, 1);
	tap_ok(!boot.is_going_back, "which may go back again");
}

static void test_refusals(void)
{
	struct fwslot_boot boot = pending(false);
	struct fwslot_boot_outcome outcome = fwslot_boot_assess(&boot, 0, FAULT);

	check("the boot loader refused it", &boot, 8, FWSLOT_BOOT_STATE_FALLBACK, 0, NONE, 0);
	tap_ok(outcome.has_fallen_back && outcome.failed_slot == 1, "slot 1 failed");
	is_number(boot.last_restart_reason, FAULT);

	boot = on_trial(1);
	outcome = fwslot_boot_assess(&boot, 0, FAULT);
	check("the device went back by itself", &boot, 9, FWSLOT_BOOT_STATE_FALLBACK, 0, NONE, 0);
	is_number(outcome.failed_slot, 1);

	boot = on_trial(1);
	fwslot_boot_activate(&boot, 2, false, true);
	outcome = fwslot_boot_assess(&boot, 1, FAULT);
	check("refused during a trial: it goes on", &boot, 9, FWSLOT_BOOT_STATE_TRIAL, 1, 0, 2);
	is_number(outcome.failed_slot, 2);

	boot = pending(false);
	outcome = fwslot_boot_assess(&boot, 2, FAULT);
	check("another slot than either", &boot, 8, FWSLOT_BOOT_STATE_FALLBACK, 2, NONE, 0);

	boot = fresh();
	fwslot_boot_assess(&boot, 1, FAULT);
	check("a slot nobody asked for", &boot, 8, FWSLOT_BOOT_STATE_UNKNOWN, 1, NONE, 0);

	boot = pending(false);
	outcome = fwslot_boot_assess(&boot, NONE, FAULT);
	check("nothing starts", &boot, 8, FWSLOT_BOOT_STATE_UNKNOWN, NONE, NONE, 0);
	is_number(outcome.failed_slot, 1);

	boot = on_trial(1);
	outcome = fwslot_boot_assess(&boot, NONE, FAULT);
	check("nothing starts on trial", &boot, 9, FWSLOT_BOOT_STATE_UNKNOWN, NONE, NONE, 0);
	is_number(outcome.failed_slot, 1);
}

static void test_one_slot(void)
{
	struct fwslot_boot boot = fresh();
	struct fwslot_boot_outcome outcome = { 0 };

	is_number(fwslot_boot_activate(&boot, 0, false, false), -ETXTBSY);
	is_number(fwslot_boot_activate(&boot, 0, false, true), 0);
	for (unsigned i = 0; i < 5; i++)
		outcome = fwslot_boot_assess(&boot, 0, FAULT);
	check("a single slot has no way back", &boot, 12, FWSLOT_BOOT_STATE_TRIAL, 0, NONE, 3);
	tap_ok(!outcome.must_go_back, "and is not asked to go back");
}

static void test_orders(void)
{
	struct fwslot_boot boot = fresh();

	is_number(fwslot_boot_confirm(&boot), -ENOENT);
	boot = on_trial(2);
	is_number(fwslot_boot_confirm(&boot), 0);
	check("confirmed", &boot, 9, FWSLOT_BOOT_STATE_CONFIRMED, 1, NONE, 0);
	is_number(fwslot_boot_attempts_left(&boot), 3);

	boot = pending(false);
	tap_ok(fwslot_boot_withdraw(&boot, 1) && boot.next == 0, "an activation is withdrawn");
	tap_ok(!fwslot_boot_withdraw(&boot, 1), "once");
	boot = pending(false);
	tap_ok(!fwslot_boot_withdraw(&boot, 0), "and only that of its slot");
	is_number(fwslot_boot_activate(&boot, 0, true, false), 0);
	tap_ok(boot.next == 0 && boot.pending == FWSLOT_PENDING_NONE,
	       "to stay with what runs withdraws it too");

	boot = on_trial(2);
	is_number(fwslot_boot_activate(&boot, 0, true, false), 0);
	fwslot_boot_assess(&boot, 0, COMMANDED);
	check("a revert by order", &boot, 10, FWSLOT_BOOT_STATE_CONFIRMED, 0, NONE, 0);
}

static void test_numbers(void)
{
	struct fwslot_boot boot = on_trial(2);

	is_number(fwslot_boot_set_limit(&boot, 0), -ERANGE);
	is_number(fwslot_boot_set_limit(&boot, 256), -ERANGE);
	is_number(fwslot_boot_set_limit(&boot, 1), -EBUSY);
	is_number(fwslot_boot_set_limit(&boot, 255), 0);
	is_number(fwslot_boot_attempts_left(&boot), 253);
	is_number(fwslot_boot_set_limit(&boot, 3), 0);

	is_number(fwslot_boot_set_attempts(&boot, 1), -EINVAL);
	is_number(fwslot_boot_set_attempts(&boot, 4), -ERANGE);
	is_number(fwslot_boot_set_attempts(&boot, 3), 0);
	is_number(fwslot_boot_attempts_left(&boot), 0);
	boot = fresh();
	is_number(fwslot_boot_set_attempts(&boot, 1), -EPERM);
}

static void test_handing_back(void)
{
	struct fwslot_boot boot = fresh();

	boot.state = FWSLOT_BOOT_STATE_UNKNOWN;
	is_number(fwslot_boot_confirm(&boot), -ENOENT);
	is_number(fwslot_boot_set_attempts(&boot, 2), 0);
	is_number(fwslot_boot_activate(&boot, 0, false, false), 0);
	check("a trial handed back", &boot, 7, FWSLOT_BOOT_STATE_TRIAL, 0, NONE, 2);
	is_number(boot.pending, FWSLOT_PENDING_NONE);

	boot = fresh();
	boot.state = FWSLOT_BOOT_STATE_UNKNOWN;
	is_number(fwslot_boot_activate(&boot, 0, true, false), 0);
	check("confirmed handed back", &boot, 7, FWSLOT_BOOT_STATE_CONFIRMED, 0, NONE, 0);
}

static void test_slot_states(void)
{
	struct fwslot_boot boot = fresh();
	const enum fwslot_slot_state valid = FWSLOT_SLOT_STATE_VALID;

	is_number(fwslot_boot_slot_state(&boot, 0, valid, false), FWSLOT_SLOT_STATE_CONFIRMED);
	is_number(fwslot_boot_slot_state(&boot, 0, valid, true), valid);
	is_number(fwslot_boot_slot_state(&boot, 1, valid, false), valid);
	is_number(fwslot_boot_slot_state(&boot, 0, FWSLOT_SLOT_STATE_PARTIAL, false),
		  FWSLOT_SLOT_STATE_PARTIAL);
	is_number(fwslot_boot_slot_state(&boot, 0, FWSLOT_SLOT_STATE_UNKNOWN, false),
		  FWSLOT_SLOT_STATE_CONFIRMED);
	boot = pending(false);
	is_number(fwslot_boot_slot_state(&boot, 1, valid, true), FWSLOT_SLOT_STATE_PENDING);
	boot = on_trial(1);
	is_number(fwslot_boot_slot_state(&boot, 1, valid, false), FWSLOT_SLOT_STATE_TRIAL);
	is_number(fwslot_boot_slot_state(&boot, 0, valid, false), FWSLOT_SLOT_STATE_CONFIRMED);
	fwslot_boot_assess(&boot, 0, FAULT);
	is_number(fwslot_boot_slot_state(&boot, 0, valid, false), FWSLOT_SLOT_STATE_CONFIRMED);
	is_number(fwslot_boot_slot_state(&boot, 1, FWSLOT_SLOT_STATE_INVALID, false),
		  FWSLOT_SLOT_STATE_INVALID);
	boot.state = FWSLOT_BOOT_STATE_UNKNOWN;
	is_number(fwslot_boot_slot_state(&boot, 0, valid, false), valid);
}

/* One pseudo-random event; the outcome if it was a boot. */
static struct fwslot_boot_outcome random_event(struct fwslot_boot *boot, unsigned number)
{
	struct fwslot_boot_outcome outcome = { .failed_slot = NONE };
	int slot = (int)(number >> 8) % 4 - 1;

	switch (number % 8) {
	case 0:
		if (slot >= 0)
			fwslot_boot_activate(boot, slot, number & 0x10000, number & 0x20000);
		break;
	case 1:
		fwslot_boot_confirm(boot);
		break;
	case 2:
		fwslot_boot_set_limit(boot, (number >> 10) % 6);
		break;
	case 3:
		fwslot_boot_set_attempts(boot, (number >> 10) % 6);
		break;
	default:
		/* Mostly what it was told, sometimes anything. */
		outcome = fwslot_boot_assess(boot, number & 0x40000 ? slot : boot->next,
					     (number >> 20) % (FWSLOT_RESTART_REASON_MAX + 1));
	}
	return outcome;
}

static bool is_sound(const struct fwslot_boot *boot)
{
	return boot->limit >= 1 && boot->attempts <= boot->limit && boot->running >= NONE &&
	       boot->running < 3 && boot->next < 3 &&
	       (boot->fallback == NONE ||
		(boot->state == FWSLOT_BOOT_STATE_TRIAL && boot->fallback != boot->running)) &&
	       (!boot->is_going_back || boot->state == FWSLOT_BOOT_STATE_TRIAL);
}

static void test_promises(void)
{
	struct fwslot_boot boot = fresh();
	unsigned number = 20240229, unsound = 0, decreases = 0, repeated = 0, lost = 0;

	for (unsigned i = 0; i < 1000000; i++) {
		struct fwslot_boot before = boot;
		struct fwslot_boot_outcome outcome;

		number ^= number << 13;
		number ^= number >> 17;
		number ^= number << 5;
		outcome = random_event(&boot, number);
		unsound += !is_sound(&boot);
		decreases += boot.total < before.total;
		repeated += outcome.must_go_back && before.is_going_back;
		lost += outcome.must_go_back && boot.next != before.fallback;
	}
	is_number(unsound, 0);
	is_number(decreases, 0);
	is_number(repeated, 0);
	is_number(lost, 0);
}

/* One slot is written and starts before anybody has said what it is. */
static void test_started_unasked(void)
{
	struct fwslot_boot boot = {
		.state = FWSLOT_BOOT_STATE_TRIAL,
		.fallback = FWSLOT_NO_SLOT,
		.limit = 3,
		.attempts = 2,
	};

	fwslot_boot_forget_running(&boot);
	fwslot_boot_assess(&boot, 0, FWSLOT_RESTART_REASON_COMMANDED);
	is_number(boot.state, FWSLOT_BOOT_STATE_UNKNOWN);
	is_number(boot.running, 0);
	is_number(boot.attempts, 0);
	is_number(fwslot_boot_activate(&boot, 0, false, false), 0);
	is_number(boot.state, FWSLOT_BOOT_STATE_TRIAL);
}

int main(void)
{
	test_expected_boots();
	test_run_down();
	test_refusals();
	test_one_slot();
	test_orders();
	test_numbers();
	test_handing_back();
	test_slot_states();
	test_promises();
	test_started_unasked();
	return tap_done();
}
