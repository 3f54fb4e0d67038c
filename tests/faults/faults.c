/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counts calls, lets one fail, and judges. See faults.h. */
#include "faults.h"

#include <errno.h>
#include <execinfo.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "tap.h"

#define ERRNO_MAX 4095
#define TELLINGS_MAX 20000 /* of one story: one that never ends is wrong, too */
#define COMPLAINTS_MAX 8 /* printed */
#define LEAKS_EVERY \
	100 /* tellings: looking for leaks takes longer than all else; FAULT_LEAKS=1 does it each time */
#define FRAMES 12
#define LIBRARY_SPREAD \
	10 /* of a library's allocations each tenth fails, unless FAULT_SPREAD says otherwise */

/* What the sanitizers offer; in a tree without them leaks are valgrind's. */
__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)(void));

static struct {
	const char *story;
	bool is_telling, is_counting, fails_libraries;
	unsigned count, library_count, fail_at; /* fail_at: 0 = none */
	const char *failed; /* the call that did */
	void *frames[FRAMES];
	int frame_count;
} state;

/* Where to look: printed with every complaint, and when a sanitizer ends the program. */
static void print_place(void)
{
	printf("# %s, call %u (%s):\n", state.story, state.fail_at,
	       state.failed ? state.failed : "none failed");
	fflush(stdout);
	if (state.frame_count > 2)
		backtrace_symbols_fd(state.frames + 2, state.frame_count - 2, STDOUT_FILENO);
}

bool fault_is_due(const char *call)
{
	if (!state.is_counting || ++state.count != state.fail_at)
		return false;
	state.failed = call;
	state.is_counting = false;
	state.frame_count = backtrace(state.frames, FRAMES);
	state.is_counting = true;
	return true;
}

bool fault_is_due_in_library(const char *call)
{
	static unsigned spread;

	if (!spread)
		spread = getenv("FAULT_SPREAD") ? (unsigned)atoi(getenv("FAULT_SPREAD")) :
						  LIBRARY_SPREAD;
	return state.is_counting && ++state.library_count % spread == 0 && fault_is_due(call);
}

bool fault_is_due_at_library(const char *function)
{
	return state.fails_libraries && fault_is_due(function);
}

void faults_pause(void)
{
	state.is_counting = false;
}

void faults_resume(void)
{
	state.is_counting = state.is_telling;
}

static int remove_one(const char *path, const struct stat *status _unused_, int kind _unused_,
		      struct FTW *place)
{
	return place->level == 0 ? 0 : remove(path);
}

void faults_empty_folder(const char *path)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0 ||
	    (mkdir(path, 0700) < 0 && errno != EEXIST))
		tap_bail("cannot empty %s", path);
}

static int tell(const struct fault_story *story, unsigned fail_at, struct failure *failure)
{
	int r;

	state.story = story->name;
	state.fails_libraries = story->fails_libraries;
	state.count = state.library_count = 0;
	state.fail_at = fail_at;
	state.failed = NULL;
	state.frame_count = 0;
	state.is_telling = state.is_counting = true;
	r = story->act(failure);
	state.is_telling = state.is_counting = false;
	return r;
}

/* The sanitizer itself prints where the lost memory came from. */
static bool has_leaked(void)
{
	return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check() != 0;
}

/* NULL: the telling with the fault and the one after it were right. */
static const char *judge(const struct fault_story *story, unsigned fail_at, bool *ret_failed)
{
	_cleanup_failure_ struct failure failure = { 0 }, again = { 0 };
	const char *wrong;
	int r;

	story->prepare();
	r = tell(story, fail_at, &failure);
	*ret_failed = state.failed != NULL;
	if (r > 0 || r < -ERRNO_MAX)
		return "it returned no errno";
	if (r < 0 && !state.failed)
		return "it fails by itself";
	if (r < 0 && !story->says_nothing && failure.reason == REASON_OK)
		return "it does not say what failed";
	wrong = story->look(r);
	if (wrong)
		return wrong;
	{
		const char *failed = state.failed;

		r = story->act(&again);
		wrong = r < 0 ? "afterwards it fails without a fault" : story->look(r);
		state.failed = failed;
	}
	if (wrong && r < 0)
		printf("# %s\n", failure_message(&again));
	return wrong;
}

void faults_try(const struct fault_story *story)
{
	const char *only = getenv("FAULT");
	unsigned i = only ? (unsigned)atoi(only) : 1, told = 0, wrong = 0;
	unsigned leaks_every = getenv("FAULT_LEAKS") ? 1 : LEAKS_EVERY;
	bool failed = true, has_lost = false;

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(print_place);
	for (; failed && i < TELLINGS_MAX; i++) {
		const char *complaint = judge(story, i, &failed);

		if (complaint && ++wrong <= COMPLAINTS_MAX) {
			printf("# %s\n", complaint);
			print_place();
		}
		told += failed;
		if (only)
			break;
		if (!has_lost && (i % leaks_every == 0 || !failed) && has_leaked()) {
			printf("# one of the calls up to this leaks; FAULT_LEAKS=1 says which:\n");
			print_place();
			has_lost = true;
		}
	}
	state.story = NULL;
	tap_ok(told > 0 && !wrong && !has_lost && i < TELLINGS_MAX,
	       "%s: %u calls failed one after the other, %u wrongly taken", story->name, told,
	       wrong);
}
