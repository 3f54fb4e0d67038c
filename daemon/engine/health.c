/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work "health": the administrator's checks, one after another, each under HealthTimeoutSec=. Exit status 0 means
 * healthy; the first that says otherwise ends it. Told by the environment, and by it alone: FWSLOT_DEVICE (id),
 * FWSLOT_SYSFS_PATH, FWSLOT_HARDWARE_ID, FWSLOT_SERIAL, FWSLOT_SLOT, FWSLOT_VERSION, FWSLOT_VERSION_BEFORE, FWSLOT_JOB,
 * FWSLOT_TRIAL_SINCE (seconds since 1970), PATH, LANG.
 */
#include "engine/health.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "engine/child.h"
#include "engine/work.h"
#include "kernel/device.h"

struct health {
	struct work work; /* first */
	struct job_entry *entry;
	char *paths[HEALTH_CHECKS_MAX];
	unsigned count, current;
	char *environment[16]; /* ends with NULL */
	struct child *child;
	int output_fd;
	sd_event_source *output_source;
	char output[HEALTH_OUTPUT_MAX + 1];
	size_t output_length;
};

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(name_of(*(char *const *)a), name_of(*(char *const *)b));
}

static void collect(const char *folder, char *paths[static HEALTH_CHECKS_MAX], unsigned *count)
{
	_cleanup_free_ char *path = NULL;
	struct dirent *entry;
	DIR *opened;

	if (asprintf(&path, "%s/health.d", folder) < 0)
		return;
	opened = opendir(path);
	while (opened && (entry = readdir(opened))) {
		unsigned i = 0;
		char *full;

		if (entry->d_name[0] == '.')
			continue;
		while (i < *count && strcmp(name_of(paths[i]), entry->d_name) != 0)
			i++;
		if (i == HEALTH_CHECKS_MAX) {
			log_warning("%s/%s: more than %d health checks; this one is not run.", path,
				    entry->d_name, HEALTH_CHECKS_MAX);
			continue;
		}
		if (asprintf(&full, "%s/%s", path, entry->d_name) < 0)
			continue;
		if (i < *count)
			free(paths[i]);
		else
			(*count)++;
		paths[i] = full;
	}
	if (opened)
		closedir(opened);
}

/* A file that nobody may execute is a note, not a check. /dev/null is no regular file: so it masks. */
static bool is_executable(const char *path)
{
	struct stat status;

	return stat(path, &status) >= 0 && S_ISREG(status.st_mode) && access(path, X_OK) >= 0;
}

unsigned health_collect(const struct folders *folders, char *ret_paths[static HEALTH_CHECKS_MAX])
{
	unsigned found = 0, kept = 0;

	collect(folders->vendor, ret_paths, &found);
	collect(folders->config, ret_paths, &found);
	for (unsigned i = 0; i < found; i++) {
		if (is_executable(ret_paths[i]))
			ret_paths[kept++] = ret_paths[i];
		else
			free(ret_paths[i]);
	}
	qsort(ret_paths, kept, sizeof(ret_paths[0]), compare_names);
	return kept;
}

static struct work *release(struct work *work)
{
	struct health *health = (struct health *)work;

	child_free(health->child);
	sd_event_source_disable_unref(health->output_source);
	close_fd(health->output_fd);
	for (unsigned i = 0; i < health->count; i++)
		free(health->paths[i]);
	for (size_t i = 0; i < ARRAY_SIZE(health->environment); i++)
		free(health->environment[i]);
	free(health);
	return NULL;
}

/* "10-link, 20-picture": for history, as far as they were run. */
static char *list_names(const struct health *health)
{
	unsigned count = health->current < health->count ? health->current + 1 : health->count;
	char *list = strdup(count > 0 ? name_of(health->paths[0]) : "no checks are installed");

	for (unsigned i = 1; list && i < count; i++) {
		char *longer = NULL;

		if (asprintf(&longer, "%s, %s", list, name_of(health->paths[i])) < 0)
			longer = NULL;
		free(list);
		list = longer;
	}
	return list;
}

static void end(struct health *health, const struct failure *failure)
{
	struct job_entry *entry = health->entry;
	_cleanup_free_ char *names = list_names(health);

	entry->works[WORK_HEALTH] = NULL;
	release(&health->work);
	job_store_health(entry, failure->reason, names ? names : "");
	manager_work_ended(&entry->job, WORK_HEALTH, failure->reason, failure->message);
}

/* Keeps the beginning, where the cause is; the rest is read and dropped so that the check does not block. */
static void read_output(struct health *health)
{
	char bytes[1024];
	ssize_t size;

	while ((size = read(health->output_fd, bytes, sizeof(bytes))) > 0) {
		size_t room = HEALTH_OUTPUT_MAX - health->output_length;
		size_t taken = (size_t)size < room ? (size_t)size : room;

		memcpy(health->output + health->output_length, bytes, taken);
		health->output_length += taken;
	}
	if (size == 0 && health->output_source)
		(void)sd_event_source_set_enabled(health->output_source, SD_EVENT_OFF);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	read_output(userdata);
	return 0;
}

/* One line, printable: it goes to the journal, the bus and history. */
static const char *tidy_output(struct health *health)
{
	health->output[health->output_length] = '\0';
	while (health->output_length > 0 &&
	       strchr(" \n\r\t", health->output[health->output_length - 1]))
		health->output[--health->output_length] = '\0';
	for (size_t i = 0; i < health->output_length; i++)
		if ((unsigned char)health->output[i] < ' ' ||
		    (unsigned char)health->output[i] >= 0x7f)
			health->output[i] = health->output[i] == '\n' ? ' ' : '?';
	return health->output_length > 0 ? health->output : "(no output)";
}

static int run_next(struct health *health);

static void on_ended(const struct child_end *how, void *userdata)
{
	struct health *health = userdata;
	const char *name = name_of(health->paths[health->current]);
	_cleanup_failure_ struct failure failure = { 0 };

	health->child = NULL;
	read_output(health);
	if (how->is_timeout)
		fail(&failure, REASON_HEALTH_TIMEOUT,
		     "The health check \"%s\" did not end in time. It said: %s", name,
		     tidy_output(health));
	else if (how->signal)
		fail(&failure, REASON_HEALTH_FAILED,
		     "The health check \"%s\" was ended by signal %d. It said: %s", name,
		     how->signal, tidy_output(health));
	else if (how->status != 0)
		fail(&failure, REASON_HEALTH_FAILED,
		     "The health check \"%s\" ended with status %d. It said: %s", name, how->status,
		     tidy_output(health));
	if (failure.reason == REASON_OK && ++health->current < health->count) {
		int r = run_next(health);

		if (r >= 0)
			return;
		fail_errno(&failure, r, "The health check \"%s\" cannot be started",
			   name_of(health->paths[health->current]));
	}
	end(health, &failure);
}

static int run_next(struct health *health)
{
	struct manager *manager = health->entry->manager;
	char *path = health->paths[health->current];
	char *const arguments[] = { path, NULL };
	_cleanup_close_ int theirs = -EBADF;
	int pipe_fds[2], r;

	health->output_source = sd_event_source_disable_unref(health->output_source);
	health->output_fd = close_fd(health->output_fd);
	health->output_length = 0;
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	health->output_fd = pipe_fds[0];
	theirs = pipe_fds[1];
	if (fcntl(theirs, F_SETFL, 0) < 0)
		return -errno;
	r = sd_event_add_io(manager->event, &health->output_source, health->output_fd, EPOLLIN,
			    on_output, health);
	if (r < 0)
		return r;
	return child_start(manager->event,
			   &(struct child_command){
				   .path = path,
				   .arguments = arguments,
				   .environment = health->environment,
				   .socket_fd = -EBADF,
				   .output_fd = theirs,
				   .timeout_usec = manager->config.health_timeout_usec,
			   },
			   on_ended, health, &health->child);
}

static int make_environment(struct health *health, const struct device *device)
{
	const struct job_record *record = &health->entry->job.record;
	char **environment = health->environment;
	int made = 0;

	made |= asprintf(&environment[0],
			 "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	made |= asprintf(&environment[1], "LANG=C.UTF-8");
	made |= asprintf(&environment[2], "FWSLOT_DEVICE=%s", device->id);
	made |= asprintf(&environment[3], "FWSLOT_SYSFS_PATH=%s/class/fwslot/fwslot%u",
			 kernel_sysfs_root(), device->now.index);
	made |= asprintf(&environment[4], "FWSLOT_HARDWARE_ID=%s", device->now.hardware_id);
	made |= asprintf(&environment[5], "FWSLOT_SERIAL=%s", device->now.serial);
	made |= asprintf(&environment[6], "FWSLOT_SLOT=%d", record->target_slot);
	made |= asprintf(&environment[7], "FWSLOT_VERSION=%s", record->version);
	made |= asprintf(&environment[8], "FWSLOT_VERSION_BEFORE=%s", record->version_before);
	made |= asprintf(&environment[9], "FWSLOT_JOB=%llu", (unsigned long long)record->id);
	made |= asprintf(&environment[10], "FWSLOT_TRIAL_SINCE=%llu",
			 (unsigned long long)(record->phase_usec / USEC_PER_SEC));
	return made < 0 ? -ENOMEM : 0;
}

/* No checks at all: healthy, but said from the loop like every other result. */
static int on_nothing_to_run(sd_event_source *source, void *userdata)
{
	(void)source;
	end(userdata, &(struct failure){ .reason = REASON_OK });
	return 0;
}

int health_start(struct job_entry *entry, struct work **ret)
{
	struct device *device = job_device(entry);
	struct health *health;
	int r;

	if (!device)
		return -ENODEV;
	health = calloc(1, sizeof(*health));
	if (!health)
		return -ENOMEM;
	health->work.release = release;
	health->entry = entry;
	health->output_fd = -EBADF;
	health->count = health_collect(&entry->manager->folders, health->paths);
	r = make_environment(health, device);
	if (r >= 0)
		r = health->count > 0 ?
			    run_next(health) :
			    sd_event_add_defer(entry->manager->event, &health->output_source,
					       on_nothing_to_run, health);
	if (r < 0) {
		release(&health->work);
		return r;
	}
	*ret = &health->work;
	return 0;
}
