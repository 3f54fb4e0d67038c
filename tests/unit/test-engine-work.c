/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work in child processes: the worker program, played by this program itself in several moods, and health checks as
 * shell scripts. The device is made of memory; its `data` is a file in a sysfs of our own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/packet.h"
#include "base/worker-protocol.h"
#include "engine/private.h"
#include "engine/work.h"
#include "tap.h"

#define HISTORY_TEXT 256
#define DIGEST_HEX "00000000000000000000000000000000000000000000000000000000000000bb"

static char folder[] = "/tmp/fwslot-test-work-XXXXXX";

/* The worker's side. */

static void reply(const char *const *fields)
{
	_cleanup_packet_ struct packet *packet = packet_new(4096);

	for (; fields[0]; fields += 2)
		packet_add(packet, fields[0], fields[1]);
	if (packet_send(WORKER_SOCKET_FD, packet, NULL, 0) < 0)
		_exit(9);
}

static void stage_image(const struct packet *request)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s", packet_get(request, WORKER_KEY_STAGE_DIR));
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s", packet_get(request, WORKER_KEY_STAGE_DIR),
		 DIGEST_HEX);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (write(fd, "1234", 4) != 4)
		_exit(9);
	close(fd);
}

/* Refuses a request that is not as the protocol says, so that the test sees it. */
static void check_request(const struct packet *request, const int *fds)
{
	static const char *const wanted[][2] = {
		{ WORKER_KEY_HARDWARE_IDS, "acme/dock/r2,acme/dock" },
		{ WORKER_KEY_SERIAL, "s" },
		{ WORKER_KEY_INSTALLED_VERSION, "1.0" },
		{ WORKER_KEY_FLOOR, "0" },
		{ WORKER_KEY_SLOT_LABEL_COUNT, "1" },
		{ WORKER_KEY_SLOT_LABEL "0", "slot b" },
		{ WORKER_KEY_SLOT_SIZE, "100" },
		{ WORKER_KEY_ALLOW_DOWNGRADE, "1" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const char *value = packet_get(request, wanted[i][0]);

		if (!value || strcmp(value, wanted[i][1]) != 0) {
			reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_RESULT,
						     WORKER_KEY_REASON, "malformed",
						     WORKER_KEY_MESSAGE, wanted[i][0], NULL });
			_exit(0);
		}
	}
	if (fds[0] < 0)
		_exit(9);
}

static const char *const good_result[] = { WORKER_KEY_TYPE,
					   WORKER_TYPE_RESULT,
					   WORKER_KEY_REASON,
					   "ok",
					   WORKER_KEY_SHA256,
					   DIGEST_HEX,
					   WORKER_KEY_LENGTH,
					   "4",
					   WORKER_KEY_VERSION,
					   "2.0",
					   WORKER_KEY_COUNTER,
					   "5",
					   WORKER_KEY_NEW_FLOOR,
					   "3",
					   WORKER_KEY_SLOT,
					   "slot b",
					   NULL };

static void write_slot(const int *fds)
{
	char bytes[16];
	ssize_t size = read(fds[0], bytes, sizeof(bytes));

	if (write(fds[1], bytes, (size_t)size) != size)
		_exit(9);
	reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_RESULT, WORKER_KEY_REASON, "ok",
				     NULL });
}

static int be_worker(const char *mood)
{
	_cleanup_packet_ struct packet *request = NULL;
	int fds[PACKET_FDS_MAX];

	if (packet_receive(WORKER_SOCKET_FD, &request, fds) < 0)
		return 9;
	if (strcmp(packet_get(request, WORKER_KEY_OPERATION), WORKER_WRITE_SLOT) == 0) {
		write_slot(fds);
		return 0;
	}
	check_request(request, fds);
	reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_PROGRESS, WORKER_KEY_PERCENT,
				     "40", NULL });
	if (strcmp(mood, "good") == 0) {
		stage_image(request);
		reply(good_result);
		/* Whatever it says after its result is not heard. */
		reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_RESULT, WORKER_KEY_REASON,
					     "expired", NULL });
	} else if (strcmp(mood, "liar") == 0) {
		reply(good_result); /* nothing is staged */
	} else if (strcmp(mood, "vague") == 0) {
		reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_RESULT, WORKER_KEY_REASON,
					     "ok", NULL });
	} else if (strcmp(mood, "refusing") == 0) {
		reply((const char *const[]){ WORKER_KEY_TYPE, WORKER_TYPE_RESULT, WORKER_KEY_REASON,
					     "bad-signature", WORKER_KEY_MESSAGE,
					     "The signature is not Alice's.", NULL });
	} else if (strcmp(mood, "garbage") == 0) {
		if (write(WORKER_SOCKET_FD, "\xff\xff", 2) != 2)
			return 9;
	} else if (strcmp(mood, "dying") == 0) {
		raise(SIGKILL);
	} else if (strcmp(mood, "hanging") == 0) {
		pause();
	}
	return 0;
}

/* The daemon's side. */

static struct kernel_device pictured;

static uint64_t clock_usec(const struct engine_ops *self)
{
	(void)self;
	return UINT64_C(1000000000000);
}

static int device_read(const struct engine_ops *self, unsigned index, struct kernel_device *ret)
{
	(void)self;
	(void)index;
	*ret = pictured;
	return 0;
}

static int order_slot(const struct engine_ops *self, unsigned index, unsigned slot)
{
	(void)self;
	(void)index;
	(void)slot;
	return 0;
}

static const struct engine_ops ops = {
	.realtime_usec = clock_usec,
	.boottime_usec = clock_usec,
	.device_read = device_read,
	.load_begin = order_slot,
	.load_commit = order_slot,
	.load_abort = order_slot,
	.work_start = work_start,
	.work_stop = work_stop,
	.io = &io_default,
};

static char *in_folder(const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		tap_bail("no memory");
	return path;
}

static void shell(const char *format)
{
	char *command = NULL;

	if (asprintf(&command, "cd '%s' && %s", folder, format) < 0 || system(command) != 0)
		tap_bail("%s", format);
	free(command);
}

static void make_picture(void)
{
	pictured = (struct kernel_device){
		.hardware_id = "acme/dock/r2",
		.serial = "s",
		.num_slots = 2,
		.can_restart = true,
		.boot = { .is_present = true, .state = KERNEL_BOOT_CONFIRMED, .fallback_slot = -1 }
	};
	pictured.slots[0] =
		(struct kernel_slot){ .label = "slot a", .size_bytes = 200, .version = "1.0" };
	pictured.slots[1] = (struct kernel_slot){ .label = "slot b",
						  .size_bytes = 100,
						  .state = KERNEL_SLOT_EMPTY };
}

struct life {
	sd_event *event;
	struct manager *manager;
	struct job *job;
};

static const struct manager_events no_events = { 0 };

static void begin_life(struct life *life)
{
	_cleanup_failure_ struct failure failure = { 0 };
	char *bundle = in_folder("bundle");

	shell("rm -rf state && mkdir state");
	make_picture();
	if (sd_event_new(&life->event) < 0 ||
	    manager_new_with(life->event, &no_events, NULL, &ops, &life->manager) < 0 ||
	    manager_start(life->manager) < 0)
		tap_bail("no manager");
	manager_device_added(life->manager, 0);
	life->manager->config.verify_timeout_usec = 2000000;
	life->manager->config.health_timeout_usec = 700000;
	if (manager_install(life->manager, "dock0",
			    open(bundle, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
			    MANAGER_FLAG_DOWNGRADE, 0, &life->job, &failure) < 0)
		tap_bail("install: %s", failure_message(&failure));
	free(bundle);
}

static void end_life(struct life *life)
{
	manager_free(life->manager);
	sd_event_unref(life->event);
}

static void live_while(struct life *life, const enum work_state *state)
{
	for (unsigned i = 0; i < 1000 && *state == WORK_RUNNING; i++)
		if (sd_event_run(life->event, 5000000) <= 0)
			break;
}

static void test_worker(void)
{
	static const struct {
		const char *mood;
		enum reason reason;
		const char *message; /* part of it */
	} rows[] = {
		{ "liar", REASON_INTERNAL, "it is not there" },
		{ "vague", REASON_INTERNAL, "lacks the digest" },
		{ "refusing", REASON_BAD_SIGNATURE, "not Alice's" },
		{ "garbage", REASON_INTERNAL, "without a result" },
		{ "dying", REASON_INTERNAL, "signal" },
		{ "silent", REASON_INTERNAL, "without a result" },
		{ "hanging", REASON_INTERNAL, "took too long" },
	};
	struct life life;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv("MOOD", rows[i].mood, 1);
		begin_life(&life);
		live_while(&life, &life.job->knowledge.verify);
		tap_ok(life.job->record.phase == JOB_FAILED &&
			       life.job->record.reason == rows[i].reason,
		       "a worker that is %s: %s", rows[i].mood,
		       reason_word(life.job->record.reason));
		tap_ok(life.job->message && strstr(life.job->message, rows[i].message),
		       "and the sentence says so: %s",
		       life.job->message ? life.job->message : "(none)");
		end_life(&life);
	}
}

static void test_missing_worker(void)
{
	struct life life;

	setenv("FWSLOT_WORKER", "/nonexistent", 1);
	begin_life(&life);
	live_while(&life, &life.job->knowledge.verify);
	tap_ok(life.job->message && strstr(life.job->message, "cannot be executed"),
	       "a missing worker is named");
	end_life(&life);
	setenv("FWSLOT_WORKER", "/proc/self/exe", 1);
}

static void test_good_worker(void)
{
	char *data = in_folder("sys/class/fwslot/fwslot0/fwslot0.1/data"), bytes[8] = "";
	struct life life;
	int fd;

	setenv("MOOD", "good", 1);
	begin_life(&life);
	tap_is(life.job->record.phase, JOB_VERIFYING, "verifying");
	live_while(&life, &life.job->knowledge.verify);
	tap_is(life.job->record.phase, JOB_WRITING, "what is authentic gets written");
	tap_is_string(life.job->record.version, "2.0", "the version is known");
	tap_is(life.job->record.counter, 5, "the counter");
	tap_is(life.job->record.new_floor, 3, "the floor to come");
	tap_is(life.job->record.target_slot, 1, "into the slot it is for");
	tap_is(job_entry_of(life.job)->bundle_fd, -EBADF, "the caller's file is given back");
	pictured.slots[1].status = KERNEL_STATUS_RECEIVING;
	live_while(&life, &life.job->knowledge.copy);
	fd = open(data, O_RDONLY);
	if (read(fd, bytes, sizeof(bytes)) < 0)
		tap_bail("read");
	close(fd);
	free(data);
	tap_is_string(bytes, "1234", "its bytes arrived at the slot");
	end_life(&life);
}

/* Dropping the job while its worker runs leaves no process. */
static void test_stopped(void)
{
	struct life life;

	setenv("MOOD", "hanging", 1);
	begin_life(&life);
	sd_event_run(life.event, 1000000);
	tap_is(manager_cancel(life.manager, life.job->record.id, 0, NULL), 0,
	       "cancelled while the worker runs");
	tap_is(life.job->record.phase, JOB_CANCELLED, "ends at once");
	sd_event_run(life.event, 1000000);
	end_life(&life);
}

static int keep_health(const struct history_row *row, void *userdata)
{
	if (strcmp(row->action, "health") != 0)
		return 0;
	snprintf(userdata, HISTORY_TEXT, "%s %s %s", row->result, row->reason, row->details);
	return 1;
}

static void test_health(void)
{
	static const struct {
		const char *script;
		enum work_state state;
		enum reason reason;
		const char *message, *history;
	} rows[] = {
		{ "rm -f etc/health.d/*", WORK_SUCCEEDED, REASON_OK, NULL,
		  "healthy ok no checks are installed" },
		{ "printf '#!/bin/sh\\nexit 0\\n' >etc/health.d/10-ok", WORK_SUCCEEDED, REASON_OK,
		  NULL, "healthy ok 10-ok" },
		{ "cp etc/health.d/10-ok etc/health.d/30-ok", WORK_SUCCEEDED, REASON_OK, NULL,
		  "healthy ok 10-ok, 30-ok" },
		{ "printf '#!/bin/sh\\necho \"$FWSLOT_DEVICE $FWSLOT_SLOT $FWSLOT_VERSION $FWSLOT_VERSION_BEFORE\"; exit 3\\n'"
		  " >etc/health.d/20-bad",
		  WORK_FAILED, REASON_HEALTH_FAILED,
		  "\"20-bad\" ended with status 3. It said: dock0 1 2.0 1.0",
		  "unhealthy health-failed 10-ok, 20-bad" },
		{ "printf '#!/bin/sh\\nkill -9 $$\\n' >etc/health.d/20-bad", WORK_FAILED,
		  REASON_HEALTH_FAILED, "signal 9", "unhealthy health-failed 10-ok, 20-bad" },
		{ "printf '#!/bin/sh\\necho waiting; sleep 60\\n' >etc/health.d/20-bad",
		  WORK_FAILED, REASON_HEALTH_TIMEOUT, "in time. It said: waiting",
		  "unhealthy health-timeout 10-ok, 20-bad" },
		{ "printf '#!/bin/sh\\nhead -c 100000 /dev/zero | tr \"\\\\\\\\0\" x; exit 1\\n' >etc/health.d/20-bad",
		  WORK_FAILED, REASON_HEALTH_FAILED, "xxxxxxxx",
		  "unhealthy health-failed 10-ok, 20-bad" },
		{ "printf '#!/nonexistent\\n' >etc/health.d/20-bad", WORK_FAILED,
		  REASON_HEALTH_FAILED, "status 127", "unhealthy health-failed 10-ok, 20-bad" },
	};

	setenv("MOOD", "good", 1);
	shell("mkdir -p etc/health.d");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char told[HISTORY_TEXT] = "";
		struct life life;
		struct job_entry *entry;

		shell(rows[i].script);
		shell("chmod -f 0755 etc/health.d/* || true");
		begin_life(&life);
		live_while(&life, &life.job->knowledge.verify);
		entry = job_entry_of(life.job);
		work_stop(&ops, life.job, WORK_COPY);
		life.job->record.phase = JOB_WAITING; /* the table stays out of this */
		entry->is_running = true;
		life.job->knowledge.health = WORK_RUNNING;
		tap_is(ops.work_start(&ops, life.job, WORK_HEALTH), 0, rows[i].script);
		live_while(&life, &life.job->knowledge.health);
		tap_is(life.job->knowledge.health, rows[i].state, "ends as it should");
		if (rows[i].reason != REASON_OK)
			tap_is(life.job->knowledge.reason, rows[i].reason, "for its reason");
		if (rows[i].message)
			tap_ok(entry->work_message && strstr(entry->work_message, rows[i].message),
			       "it says %.100s",
			       entry->work_message ? entry->work_message : "(nothing)");
		if (entry->work_message)
			tap_ok(strlen(entry->work_message) < 3000, "and not more than is kept");
		(void)manager_history(life.manager, "", 100, keep_health, told);
		tap_is_string(told, rows[i].history, "history tells what was run");
		end_life(&life);
	}
}

int main(int argc, char **argv)
{
	char *path;

	(void)argc;
	if (strcmp(argv[0], "fwslot-worker") == 0)
		return be_worker(getenv("MOOD"));
	if (!mkdtemp(folder))
		tap_bail("mkdtemp");
	shell("mkdir -p state etc sys/class/fwslot/fwslot0/fwslot0.1 && "
	      "touch sys/class/fwslot/fwslot0/fwslot0.1/data");
	path = in_folder("state");
	setenv("FWSLOT_STATE_DIR", path, 1);
	free(path);
	path = in_folder("etc");
	setenv("FWSLOT_CONFIG_DIR", path, 1);
	setenv("FWSLOT_VENDOR_DIR", "/nonexistent", 1);
	free(path);
	path = in_folder("sys");
	setenv("FWSLOT_SYSFS", path, 1);
	free(path);
	setenv("FWSLOT_WORKER", "/proc/self/exe", 1);
	log_set_level(getenv("DEBUG") ? LOG_DEBUG : LOG_EMERG);
	test_worker();
	test_missing_worker();
	test_good_worker();
	test_stopped();
	test_health();
	shell("rm -rf state etc sys bundle && rmdir \"$PWD\"");
	return tap_done();
}
