/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A whole update, killed (SIGKILL) before and after every single operation of the daemon, then started again: it has to
 * end as if nothing had happened, and a further start has to change nothing.
 */
#include <sys/wait.h>

#include "engine-memory.h"

/* The whole update in a process that is killed at its operation @kill_at; then life goes on undisturbed. */
static bool killed_and_resumed(enum behaviour behaviour, unsigned kill_at, bool kill_after,
			       bool *ret_killed)
{
	enum job_phase phase;
	struct life life;
	unsigned actions;
	int status = 0;
	bool is_right;
	pid_t child;

	empty_folder();
	make_world(behaviour, 2);
	child = fork();
	if (child == 0) {
		_cleanup_failure_ struct failure failure = { 0 };
		struct job *job = NULL;

		close(some_file());
		world->kill_at = kill_at;
		world->kill_after = kill_after;
		begin_life(&life);
		if (manager_install_imported(life.manager, "sim0", "b.fwb", 0, 0, &job, &failure) <
		    0)
			_exit(1);
		live_to_the_end(&life);
		_exit(0);
	}
	waitpid(child, &status, 0);
	*ret_killed = WIFSIGNALED(status);
	if (!*ret_killed && WEXITSTATUS(status) != 0)
		return false;
	world->kill_at = 0;
	begin_life(&life);
	phase = live_to_the_end(&life);
	is_right = phase == (behaviour == BOOTS ? JOB_DONE : JOB_REVERTED) &&
		   world->device.boot.running_slot == (behaviour == BOOTS ? 1 : 0) &&
		   manager_next_device(life.manager, NULL)->record.floor_counter ==
			   (behaviour == BOOTS ? 2 : 0) &&
		   !payload_exists();
	end_life(&life);
	actions = world->writes + world->activations + world->restarts + world->confirms;
	begin_life(&life);
	is_right = is_right && actions == world->writes + world->activations + world->restarts +
						  world->confirms;
	end_life(&life);
	return is_right;
}

static void test_killed_everywhere(void)
{
	static const char *const names[] = { "good", "boot-looping", "unhealthy" };

	for (enum behaviour behaviour = BOOTS; behaviour <= UNHEALTHY; behaviour++) {
		unsigned points = 0, wrong = 0;

		for (unsigned at = 1;; at++) {
			bool killed_before, killed_after;

			wrong += !killed_and_resumed(behaviour, at, false, &killed_before);
			wrong += !killed_and_resumed(behaviour, at, true, &killed_after);
			if (!killed_before && !killed_after)
				break;
			points += 2;
		}
		tap_ok(wrong == 0 && points >= 12,
		       "%s firmware, killed at %u points: %u wrong ends", names[behaviour], points,
		       wrong);
	}
}

int main(void)
{
	prepare_world();
	test_killed_everywhere();
	remove_folder();
	return tap_done();
}
