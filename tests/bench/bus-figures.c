/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures two D-Bus services side by side in one run: the floor and fwslotd.  For each
 * the median time and processor time from exec to the first reply, the median time to
 * read a property, and its idle memory.  The services take turns, so that what else
 * the machine does meets both.  The bus is the one of DBUS_SYSTEM_BUS_ADDRESS.
 *
 * bus-figures STARTS READS FLOOR-PROGRAM FWSLOTD-PROGRAM
 * bus-figures --recovery KILLS FLOOR-PROGRAM FWSLOTD-PROGRAM: instead of all that the median time from SIGKILL
 * to a right picture on the bus: the device "sim0" with version 1.0.0, and job 1 verifying
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/series.h"

#define READS_PER_TURN 50
#define START_TIMEOUT_USEC (10 * UINT64_C(1000000))
/* Long enough that both have done what they do after their first reply. */
#define SETTLE_SEC 3

struct subject {
	const char *label, *name, *path, *interface, *property;
	const char *program;
	pid_t pid;
	struct series start_ms, start_cpu_ms, read_us, recovery_ms;
};

static struct subject subjects[] = {
	{ .label = "floor",
	  .name = "org.fwslot.Floor",
	  .path = "/org/fwslot/Floor",
	  .interface = "org.fwslot.Floor",
	  .property = "Version" },
	{ .label = "fwslotd",
	  .name = "org.fwslot1",
	  .path = "/org/fwslot1",
	  .interface = "org.fwslot1.Manager",
	  .property = "Version" },
};
#define SUBJECT_COUNT (sizeof(subjects) / sizeof(subjects[0]))

static __attribute__((noreturn)) void fail(const struct subject *subject, const char *what, int r)
{
	fprintf(stderr, "bus-figures: %s: %s: %s\n", subject->label, what, strerror(-r));
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		if (subjects[i].pid > 0)
			kill(subjects[i].pid, SIGKILL);
	exit(EXIT_FAILURE);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *old_owner, *new_owner;
	bool *has_owner = userdata;
	int r;

	(void)error;
	r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);
	if (r >= 0)
		*has_owner = *new_owner != '\0';
	return r;
}

/* What is right after a crash, of each subject. */
static const struct fact {
	const char *path, *interface, *property, *value;
} facts[][3] = {
	{ { "/org/fwslot/Floor", "org.fwslot.Floor", "Version", "1" } },
	{ { "/org/fwslot1/device/sim0", "org.fwslot1.Device", "Version", "1.0.0" },
	  { "/org/fwslot1/device/sim0", "org.fwslot1.Device", "State", "installing" },
	  { "/org/fwslot1/job/_1", "org.fwslot1.Job", "Phase", "verifying" } },
};

static bool is_true(sd_bus *bus, const struct subject *subject, const struct fact *fact)
{
	char *value = NULL;
	bool is_right;

	is_right = sd_bus_get_property_string(bus, subject->name, fact->path, fact->interface,
					      fact->property, NULL, &value) >= 0 &&
		   strcmp(value, fact->value) == 0;
	free(value);
	return is_right;
}

static bool picture_is_right(sd_bus *bus, size_t subject)
{
	for (size_t i = 0; i < sizeof(facts[0]) / sizeof(facts[0][0]); i++)
		if (facts[subject][i].path && !is_true(bus, &subjects[subject], &facts[subject][i]))
			return false;
	return true;
}

static int read_property(sd_bus *bus, const struct subject *subject)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *value = NULL;
	int r;

	r = sd_bus_get_property_string(bus, subject->name, subject->path, subject->interface,
				       subject->property, &error, &value);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", subject->property, error.message);
	sd_bus_error_free(&error);
	free(value);
	return r;
}

static void stop(struct subject *subject, struct rusage *ret_usage)
{
	struct rusage usage;

	kill(subject->pid, SIGTERM);
	if (wait4(subject->pid, NULL, 0, ret_usage ? ret_usage : &usage) < 0)
		fail(subject, "wait4", -errno);
	subject->pid = 0;
}

static void wait_for_owner(sd_bus *bus, const struct subject *subject, const bool *has_owner,
			   bool expected)
{
	double deadline = now_us() + (double)START_TIMEOUT_USEC;
	int r;

	while (*has_owner != expected) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, START_TIMEOUT_USEC);
		if (r < 0 || now_us() > deadline)
			fail(subject, "waiting for its name on the bus", r < 0 ? r : -ETIMEDOUT);
	}
}

static void run(struct subject *subject)
{
	subject->pid = fork();
	if (subject->pid < 0)
		fail(subject, "fork", -errno);
	if (subject->pid == 0) {
		execl(subject->program, subject->program, (char *)NULL);
		_exit(127);
	}
}

/* From just before fork to the reply of the first property read. */
static double start(sd_bus *bus, struct subject *subject, const bool *has_owner)
{
	double begin = now_us();
	int r;

	run(subject);
	wait_for_owner(bus, subject, has_owner, true);
	r = read_property(bus, subject);
	if (r < 0)
		fail(subject, "first property read", r);
	return now_us() - begin;
}

static sd_bus_slot *watch_name(sd_bus *bus, const struct subject *subject, bool *has_owner)
{
	sd_bus_slot *slot = NULL;
	char match[256];
	int r;

	snprintf(match, sizeof(match),
		 "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
		 subject->name);
	r = sd_bus_add_match(bus, &slot, match, on_owner_changed, has_owner);
	if (r < 0)
		fail(subject, "cannot watch its name", r);
	return slot;
}

static void measure_start(sd_bus *bus, struct subject *subject)
{
	struct rusage usage;
	bool has_owner = false;
	sd_bus_slot *slot = watch_name(bus, subject, &has_owner);

	series_add(&subject->start_ms, start(bus, subject, &has_owner) / 1e3);
	stop(subject, &usage);
	series_add(&subject->start_cpu_ms,
		   (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
			   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3);
	wait_for_owner(bus, subject, &has_owner, false);
	sd_bus_slot_unref(slot);
}

static void start_to_keep(sd_bus *bus, struct subject *subject)
{
	bool has_owner = false;
	sd_bus_slot *slot = watch_name(bus, subject, &has_owner);

	start(bus, subject, &has_owner);
	sd_bus_slot_unref(slot);
}

static void measure_reads(sd_bus *bus, struct subject *subject)
{
	for (int i = 0; i < READS_PER_TURN; i++) {
		double begin = now_us();
		int r = read_property(bus, subject);

		if (r < 0)
			fail(subject, "property read", r);
		series_add(&subject->read_us, now_us() - begin);
	}
}

static void await_picture(sd_bus *bus, size_t subject, const bool *has_owner)
{
	double deadline = now_us() + (double)START_TIMEOUT_USEC;

	wait_for_owner(bus, &subjects[subject], has_owner, true);
	while (!picture_is_right(bus, subject))
		if (now_us() > deadline)
			fail(&subjects[subject], "waiting for a right picture", -ETIMEDOUT);
}

/* From SIGKILL on, started again at once, as systemd does with RestartSec=0. */
static void measure_recovery(sd_bus *bus, size_t number)
{
	struct subject *subject = &subjects[number];
	bool has_owner = false;
	sd_bus_slot *slot = watch_name(bus, subject, &has_owner);
	double begin;

	run(subject);
	await_picture(bus, number, &has_owner);
	begin = now_us();
	kill(subject->pid, SIGKILL);
	if (waitpid(subject->pid, NULL, 0) < 0)
		fail(subject, "waitpid", -errno);
	run(subject);
	wait_for_owner(bus, subject, &has_owner, false);
	await_picture(bus, number, &has_owner);
	series_add(&subject->recovery_ms, (now_us() - begin) / 1e3);
	stop(subject, NULL);
	wait_for_owner(bus, subject, &has_owner, false);
	sd_bus_slot_unref(slot);
}

static int measure_recoveries(sd_bus *bus, unsigned long kills)
{
	for (unsigned long n = 0; n < kills; n++)
		for (size_t i = 0; i < SUBJECT_COUNT; i++)
			measure_recovery(bus, i);
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		printf("%s recovery_ms %.2f\n", subjects[i].label,
		       series_median(&subjects[i].recovery_ms));
	return EXIT_SUCCESS;
}

/* KiB of KEY in /proc/PID/smaps_rollup. */
static long memory_kib(const struct subject *subject, const char *key)
{
	char path[64], line[256];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)subject->pid);
	file = fopen(path, "re");
	if (!file)
		fail(subject, path, -errno);
	while (value < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			value = strtol(line + strlen(key), NULL, 10);
	fclose(file);
	return value;
}

static void print_times(struct subject *subject)
{
	printf("%s start_ms %.2f\n", subject->label, series_median(&subject->start_ms));
	printf("%s start_cpu_ms %.2f\n", subject->label, series_median(&subject->start_cpu_ms));
	printf("%s read_us %.1f\n", subject->label, series_median(&subject->read_us));
}

/* Taken while the other one does not run: they would share the pages of libraries. */
static void print_memory(const struct subject *subject)
{
	printf("%s private_dirty_kib %ld\n", subject->label, memory_kib(subject, "Private_Dirty:"));
	printf("%s pss_kib %ld\n", subject->label, memory_kib(subject, "Pss:"));
	printf("%s rss_kib %ld\n", subject->label, memory_kib(subject, "Rss:"));
}

int main(int argc, char *argv[])
{
	unsigned long starts, reads;
	sd_bus *bus = NULL;
	int r;

	if (argc != 3 + (int)SUBJECT_COUNT) {
		fprintf(stderr,
			"usage: bus-figures {STARTS READS | --recovery KILLS} FLOOR-PROGRAM FWSLOTD-PROGRAM\n");
		return 2;
	}
	starts = strtoul(argv[1], NULL, 10);
	reads = strtoul(argv[2], NULL, 10);
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		subjects[i].program = argv[3 + i];
	r = sd_bus_open_system(&bus);
	if (r < 0)
		fail(&subjects[0], "cannot connect to the bus", r);
	if (strcmp(argv[1], "--recovery") == 0)
		return measure_recoveries(bus, reads);

	for (unsigned long n = 0; n < starts; n++)
		for (size_t i = 0; i < SUBJECT_COUNT; i++)
			measure_start(bus, &subjects[i]);
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		start_to_keep(bus, &subjects[i]);
	for (unsigned long n = 0; n < reads; n += READS_PER_TURN)
		for (size_t i = 0; i < SUBJECT_COUNT; i++)
			measure_reads(bus, &subjects[i]);
	for (size_t i = 0; i < SUBJECT_COUNT; i++)
		stop(&subjects[i], NULL);

	for (size_t i = 0; i < SUBJECT_COUNT; i++) {
		print_times(&subjects[i]);
		start_to_keep(bus, &subjects[i]);
		sleep(SETTLE_SEC);
		print_memory(&subjects[i]);
		stop(&subjects[i], NULL);
	}
	sd_bus_flush_close_unref(bus);
	return EXIT_SUCCESS;
}
