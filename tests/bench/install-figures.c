/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Measures, side by side, the floor program and an installation by fwslotd of the same
 * image into the same device: median wall time and processor time of the whole machine
 * (user and system, from /proc/stat) until the kernel has written and verified the slot.
 * What comes after that (restart, trial, confirmation) is waited for and not counted.
 *
 * install-figures ROUNDS FLOOR-PROGRAM IMAGE BUNDLE DEVICE-ID DEVICE-FOLDER
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/series.h"

#define FLAG_REINSTALL 2
#define CALL_TIMEOUT_USEC (120 * UINT64_C(1000000))

struct stopwatch {
	double wall_ms, cpu_ms;
};

struct job {
	char *path;
	bool is_written, has_ended;
	char result[32], reason[64];
	struct stopwatch at_written;
};

static __attribute__((noreturn)) void fail(const char *what, int r)
{
	fprintf(stderr, "install-figures: %s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

/* All processors together, without idle and iowait. */
static double busy_ms(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq;
	FILE *file = fopen("/proc/stat", "re");

	if (!file || fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice, &system,
			    &idle, &iowait, &irq, &softirq) != 7)
		fail("/proc/stat", -EIO);
	fclose(file);
	return (double)(user + nice + system + irq + softirq) * 1e3 / (double)sysconf(_SC_CLK_TCK);
}

static struct stopwatch read_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct stopwatch){ (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6,
				   busy_ms() };
}

static int running_slot(const char *device_folder)
{
	char path[512];
	int slot = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/boot/running_slot", device_folder);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%d", &slot) != 1)
		fail(path, -EIO);
	fclose(file);
	return slot;
}

static void measure_floor(const char *program, const char *image, const char *device_folder,
			  struct series *wall_ms, struct series *cpu_ms)
{
	const char *device = strrchr(device_folder, '/') + 1;
	struct stopwatch begin, end;
	char slot_folder[512];
	int status;
	pid_t pid;

	snprintf(slot_folder, sizeof(slot_folder), "%s/%s.%d", device_folder, device,
		 running_slot(device_folder) == 0 ? 1 : 0);
	begin = read_clock();
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stdout))
			execl(program, program, image, slot_folder, device_folder, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		fail(program, -EIO);
	end = read_clock();
	series_add(wall_ms, end.wall_ms - begin.wall_ms);
	series_add(cpu_ms, end.cpu_ms - begin.cpu_ms);
}

static bool is_before_written(const char *phase)
{
	static const char *const phases[] = { "queued",	   "waiting",	 "downloading",
					      "verifying", "backing-up", "writing" };

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (strcmp(phase, phases[i]) == 0)
			return true;
	return false;
}

static void take_word(sd_bus *bus, const struct job *job, const char *property, char *word,
		      size_t size)
{
	char *value = NULL;
	int r;

	r = sd_bus_get_property_string(bus, "org.fwslot1", job->path, "org.fwslot1.Job", property,
				       NULL, &value);
	if (r < 0)
		fail(property, r);
	snprintf(word, size, "%s", value);
	free(value);
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct job *job = userdata;
	const char *interface, *name;
	int r;

	(void)error;
	if (!job->path || strcmp(sd_bus_message_get_path(message), job->path) != 0)
		return 0;
	r = sd_bus_message_read(message, "s", &interface);
	if (r < 0 || strcmp(interface, "org.fwslot1.Job") != 0)
		return r;
	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		const char *word = "";

		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0 && strcmp(name, "Phase") == 0) {
			r = sd_bus_message_read(message, "v", "s", &word);
			if (!job->is_written && !is_before_written(word)) {
				job->at_written = read_clock();
				job->is_written = true;
			}
		} else if (r >= 0 && strcmp(name, "Result") == 0) {
			r = sd_bus_message_read(message, "v", "s", &word);
			job->has_ended = *word != '\0';
		} else if (r >= 0) {
			r = sd_bus_message_skip(message, "v");
		}
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r < 0 ? r : 0;
}

static void call_install(sd_bus *bus, struct job *job, const char *bundle, const char *device_id)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	const char *path;
	uint64_t id;
	int fd, r;

	fd = open(bundle, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail(bundle, -errno);
	r = sd_bus_message_new_method_call(bus, &call, "org.fwslot1", "/org/fwslot1",
					   "org.fwslot1.Manager", "InstallFile");
	if (r >= 0)
		r = sd_bus_message_append(call, "shta{sv}", device_id, fd, (uint64_t)FLAG_REINSTALL,
					  0);
	if (r >= 0)
		r = sd_bus_call(bus, call, CALL_TIMEOUT_USEC, &error, &reply);
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", error.name, error.message);
		fail("InstallFile", r);
	}
	r = sd_bus_message_read(reply, "to", &id, &path);
	job->path = r < 0 ? NULL : strdup(path);
	if (!job->path)
		fail("InstallFile's reply", r < 0 ? r : -ENOMEM);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(call);
	sd_bus_error_free(&error);
	close(fd);
}

static void measure_fwslotd(sd_bus *bus, const char *bundle, const char *device_id,
			    struct series *wall_ms, struct series *cpu_ms)
{
	struct stopwatch begin = read_clock();
	sd_bus_slot *slot = NULL;
	struct job job = {};
	int r;

	r = sd_bus_match_signal(bus, &slot, "org.fwslot1", NULL, "org.freedesktop.DBus.Properties",
				"PropertiesChanged", on_changed, &job);
	if (r < 0)
		fail("cannot listen to the job", r);
	call_install(bus, &job, bundle, device_id);
	while (!job.has_ended) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, CALL_TIMEOUT_USEC);
		if (r < 0)
			fail("waiting for the job", r);
	}
	take_word(bus, &job, "Result", job.result, sizeof(job.result));
	take_word(bus, &job, "Reason", job.reason, sizeof(job.reason));
	if (strcmp(job.result, "done") != 0 || !job.is_written) {
		fprintf(stderr, "install-figures: the job ended as %s (%s)\n", job.result,
			job.reason);
		exit(EXIT_FAILURE);
	}
	series_add(wall_ms, job.at_written.wall_ms - begin.wall_ms);
	series_add(cpu_ms, job.at_written.cpu_ms - begin.cpu_ms);
	sd_bus_slot_unref(slot);
	free(job.path);
}

int main(int argc, char *argv[])
{
	static struct series floor_wall, floor_cpu, wall, cpu;
	unsigned long rounds;
	sd_bus *bus = NULL;
	int r;

	if (argc != 7) {
		fprintf(stderr, "usage: install-figures ROUNDS FLOOR-PROGRAM IMAGE BUNDLE "
				"DEVICE-ID DEVICE-FOLDER\n");
		return 2;
	}
	rounds = strtoul(argv[1], NULL, 10);
	r = sd_bus_open_system(&bus);
	if (r < 0)
		fail("cannot connect to the bus", r);
	for (unsigned long i = 0; i < rounds; i++) {
		measure_floor(argv[2], argv[3], argv[6], &floor_wall, &floor_cpu);
		measure_fwslotd(bus, argv[4], argv[5], &wall, &cpu);
	}
	printf("floor install_ms %.0f\n", series_median(&floor_wall));
	printf("floor install_cpu_ms %.0f\n", series_median(&floor_cpu));
	printf("fwslotd install_ms %.0f\n", series_median(&wall));
	printf("fwslotd install_cpu_ms %.0f\n", series_median(&cpu));
	sd_bus_flush_close_unref(bus);
	return EXIT_SUCCESS;
}
