/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon without its bus: devices known, jobs under way, history. Everything here runs in one sd-event loop and
 * never blocks. The bus (and in tests anything else) listens through struct manager_events and asks through the
 * functions below. Errors of requests are a struct failure: a machine-readable reason and a sentence.
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/reason.h"
#include "engine/policy.h"
#include "engine/step.h"
#include "store/record.h"

#define MANAGER_JOBS_MAX 16 /* unfinished ones; one for each device */
#define MANAGER_JOBS_KEPT 16 /* ended ones that stay readable */
#define MANAGER_EXPORTS_MAX 4 /* of backups at a time */
#define MANAGER_REFRESH_WAITERS_MAX 32 /* who wait for a refresh */
#define MANAGER_UPDATES_MAX 1024 /* remembered offers */
#define MANAGER_SKIPPED_MAX 16 /* versions of one device */
#define MANAGER_DEVICES_MAX \
	256 /* present at a time; further ones are not managed, and that is logged */

struct manager;

/* What is to become of the update that is considered for a device; schedule.c keeps it. */
struct device_schedule {
	const char *policy; /* "ask", "automatic", "security", "never" */
	char version[RECORD_VERSION_MAX + 1]; /* that is considered, "" = none */
	enum decision decision;
	struct policy_plan plan;
	enum reason refused; /* the last try to begin in this window; REASON_OK = none */
	uint64_t refused_until_usec;
};

/* A device ever seen and still present. Owned by the manager; valid until device_removed returns. */
struct device {
	char id[32]; /* "sim0": stable over reboots, see the store */
	struct kernel_device now; /* the last picture of the kernel */
	bool is_outdated; /* something was done since, and the kernel could not be asked */
	bool is_gone; /* the kernel does not know it any more; that it was removed will be told */
	struct device_record record; /* what the store remembers of it */
	struct job *job; /* the one under way, or NULL */
	struct device_schedule schedule;
};

struct job {
	struct job_record record;
	struct job_knowledge knowledge;
	unsigned percent; /* 0..100 of the phase */
	char *message; /* sentence belonging to record.reason, or NULL */
	/* more, private to the engine */
};

/* What an update source has for a device. Owned by the manager; valid until the loop turns. */
struct update {
	struct offer_record record;
	bool has_failed; /* on this device before: not offered by itself */
	struct decision_record decision; /* what people decided */
	struct update *next; /* private to the engine */
};

/* An update source with a server, for people. Texts are never NULL. */
struct source_state {
	const char *name, *title, *url;
	bool is_enabled;
	struct remote_record record;
	const char
		*message; /* why it is not asked, or why the last time failed; "" = all is well */
};

struct manager_events {
	void (*device_added)(struct device *device, void *userdata);
	void (*device_removed)(struct device *device, void *userdata);
	void (*device_changed)(struct device *device, const struct kernel_device *before,
			       void *userdata);
	void (*job_added)(struct job *job, void *userdata);
	void (*job_changed)(struct job *job, void *userdata);
	void (*job_ended)(struct job *job,
			  void *userdata); /* it stays readable until job_forgotten */
	void (*job_forgotten)(struct job *job, void *userdata);
	void (*update_changed)(struct device *device, void *userdata); /* what is offered to it */
	void (*refreshed)(void *userdata); /* an update source was asked */
	/* An update is due: manager_take_world() is to be called with the machine's state. NULL: nobody knows it. */
	void (*world_wanted)(void *userdata);
	/* At the start: a file that was held for us, and not for a job. true: the fd is taken over. */
	bool (*file_held)(const char *name, int fd, void *userdata);
};

/* The flags of install and revert are MANAGER_FLAG_* of step.h. */

int manager_new(sd_event *event, const struct manager_events *events, void *userdata,
		struct manager **ret);
/* Opens the store, resumes jobs, starts watching the kernel. Slow things (opening the store) are done here and only
 * here, so the bus name may be owned before. -errno only when nothing can work. */
int manager_start(struct manager *manager);
/* What the event loop ends with when the state folder could not be written and fwslotd is to be started anew: EX_TEMPFAIL. */
#define MANAGER_EXIT_START_ANEW 75
void manager_reload(struct manager *manager); /* reads the configuration anew */
struct manager *manager_free(struct manager *manager);

struct device *manager_find_device(struct manager *manager, const char *id);
struct device *manager_next_device(struct manager *manager,
				   const struct device *after); /* NULL = first; by id */
struct job *manager_find_job(struct manager *manager, uint64_t id); /* also ended ones still kept */
struct job *manager_next_job(struct manager *manager, const struct job *after); /* by number */

/* @bundle_fd: taken over also on failure; a regular file. Returns 0 and the job, or -errno and @failure. */
int manager_install(struct manager *manager, const char *device_id, int bundle_fd, uint64_t flags,
		    uint32_t uid, struct job **ret_job, struct failure *failure);
/* @file_name: base name inside STATE/import */
int manager_install_imported(struct manager *manager, const char *device_id, const char *file_name,
			     uint64_t flags, uint32_t uid, struct job **ret_job,
			     struct failure *failure);
int manager_revert(struct manager *manager, const char *device_id, uint64_t flags, uint32_t uid,
		   struct job **ret_job, struct failure *failure);
int manager_confirm(struct manager *manager, const char *device_id, uint32_t uid,
		    struct failure *failure);
int manager_cancel(struct manager *manager, uint64_t job_id, uint32_t uid, struct failure *failure);
/* Newest first; @device_id "" = all; stops when @row returns non-zero. */
int manager_list_backups(struct manager *manager, const char *device_id,
			 int (*row)(const struct backup_record *backup, void *userdata),
			 void *userdata);
int manager_find_backup(struct manager *manager, uint64_t id, struct backup_record *ret);
/* Writes a backup of the device back to it: to a spare slot if there is one. */
int manager_restore(struct manager *manager, const char *device_id, uint64_t backup_id,
		    uint64_t flags, uint32_t uid, struct job **ret_job, struct failure *failure);
/* Writes the image of a backup into a regular file; @ended is called once if 0 is returned. The caller's descriptor is
 * not needed any more then. */
int manager_export_backup(struct manager *manager, uint64_t backup_id, int file_fd,
			  void (*ended)(const struct failure *failure, void *userdata),
			  void *userdata, struct failure *failure);
/* What Revert would go back to; false = nothing. */
bool manager_can_revert(struct manager *manager, const struct device *device, char ret_version[64]);
/* Whether going back is recovery (device on trial or failed) or a downgrade: another polkit action. */
bool manager_revert_is_recovery(struct manager *manager, const struct device *device);

/* Why something is offered to the device or is not: rows by update source, each up to the first rule that refuses. */
struct explanation {
	const char *source, *rule, *sentence, *details; /* details "" = none */
	bool allows;
};
/* Stops when @row returns non-zero. */
int manager_explain(struct manager *manager, const struct device *device,
		    int (*row)(const struct explanation *row, void *userdata), void *userdata);
/* What is offered to the device by itself; NULL: nothing. */
const struct update *manager_update_of(struct manager *manager, const struct device *device);
/* When the vendor's support of the device ends; 0 = no update source says it. */
uint64_t manager_support_ends(struct manager *manager, const struct device *device);
/* How near that is now: "unknown", "supported", "ending", "ended". */
const char *manager_support_state(struct manager *manager, const struct device *device);
/* Installs what an update source offers: @version "" = what is offered by itself. */
int manager_install_update(struct manager *manager, const char *device_id, const char *version,
			   uint64_t flags, uint32_t uid, struct job **ret_job,
			   struct failure *failure);
/* Asks the update source @name now, "" = all that are enabled. @ended is called once if 0 is returned, with the first
 * failure of any of them. */
int manager_refresh(struct manager *manager, const char *name,
		    void (*ended)(const struct failure *failure, void *userdata), void *userdata,
		    struct failure *failure);
/* By name; stops when @row returns non-zero. */
int manager_list_sources(struct manager *manager,
			 int (*row)(const struct source_state *source, void *userdata),
			 void *userdata);
/* When the last good refresh of any update source was; 0 = never. */
uint64_t manager_last_refresh(struct manager *manager);

/* Newest first; @device_id "" = all; stops when @row returns non-zero. */
int manager_history(struct manager *manager, const char *device_id, unsigned limit,
		    int (*row)(const struct history_row *row, void *userdata), void *userdata);

/* schedule.c and request-schedule.c: what becomes of offered updates. */

/* The machine's state as it is now, after world_wanted or whenever it changed. */
void manager_take_world(struct manager *manager, const struct policy_world *world);
/* Whether the machine's state matters now: an update is due in an open window. */
bool manager_needs_world(const struct manager *manager);
/* One more who wants the device left alone, also when it comes back; @device_id "" = all devices. -ENOMEM */
int manager_inhibit(struct manager *manager, const char *device_id);
/* One less. */
void manager_uninhibit(struct manager *manager, const char *device_id);

/* Installs it in the next window (@ret_not_before_usec, 0 = there is none); @version "" = what is offered by itself. */
int manager_approve(struct manager *manager, const char *device_id, const char *version,
		    uint64_t flags, uint32_t uid, uint64_t *ret_not_before_usec,
		    struct failure *failure);
/* Nothing happens before that time, and then what the policy says. Not past the deadline but with the flag. */
int manager_postpone(struct manager *manager, const char *device_id, uint64_t until_usec,
		     uint64_t flags, uint32_t uid, struct failure *failure);
/* Never by itself again, and nobody is asked. */
int manager_dismiss(struct manager *manager, const char *device_id, const char *version,
		    uint64_t flags, uint32_t uid, struct failure *failure);
/* @device_id "" = all; @policy "" = as configured. */
int manager_set_policy(struct manager *manager, const char *device_id, const char *policy,
		       uint64_t flags, uint32_t uid, struct failure *failure);
/* The window that is open, or the next, of devices without one of their own: when it begins (0 = there is none) and how
 * long it lasts (USEC_INFINITY = always). */
void manager_next_window(struct manager *manager, uint64_t *ret_begin_usec,
			 uint64_t *ret_duration_usec);
/* The policy for devices without one of their own. */
const char *manager_default_policy(const struct manager *manager);

/* versions.c: versions that are pinned or skipped. */

/* No other version is installed; @version "" = what runs. */
int manager_pin(struct manager *manager, const char *device_id, const char *version, uint64_t flags,
		uint32_t uid, struct failure *failure);
int manager_unpin(struct manager *manager, const char *device_id, uint64_t flags, uint32_t uid,
		  struct failure *failure);
/* That one is not installed; @version "" = what is offered. */
int manager_skip(struct manager *manager, const char *device_id, const char *version,
		 uint64_t flags, uint32_t uid, struct failure *failure);
/* @version "" = all. */
int manager_unskip(struct manager *manager, const char *device_id, const char *version,
		   uint64_t flags, uint32_t uid, struct failure *failure);
/* NULL = none; valid until the next of these calls. */
const char *manager_pinned_version(const struct manager *manager, const struct device *device);
/* How many, and which. */
size_t manager_skipped_versions(const struct manager *manager, const struct device *device,
				const char *ret[static MANAGER_SKIPPED_MAX]);
