/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The laboratory: a daemon (the real manager, store and staging) on a disk that can lose, over
 * devices with flash, in a world that can be stopped at any operation and started again. A scenario
 * says what devices there are and what people want; the laws (laws.c) say what must be true after
 * any fault.
 */
#pragma once

#include "device.h"
#include "disk.h"
#include "engine/private.h"
#include "messages.h"

#define LAB_DEVICES_MAX 2
#define LAB_TURNS_MAX 400
#define SECOND UINT64_C(1000000)

#define OLD_VERSION 1
#define NEW_VERSION 2

enum wish {
	WISH_NOTHING,
	WISH_INSTALL_IMPORTED, /* a file in STATE/import: can be opened again after a crash */
	WISH_INSTALL, /* a file descriptor */
	WISH_REVERT,
	WISH_INSTALL_UPDATE, /* what an update source offers */
	WISH_APPROVE, /* the same, in the next window */
};

/* What somebody asks for once the job is in that phase. */
enum request { REQUEST_NONE, REQUEST_CANCEL, REQUEST_REVERT, REQUEST_CONFIRM };

struct scenario {
	const char *name;
	struct device_traits traits;
	unsigned devices; /* all with the same traits and the same wish */
	enum wish wish;
	uint64_t flags;
	enum image_behaviour behaviour; /* of the new firmware */
	enum request request;
	enum job_phase request_phase;
	unsigned request_after; /* turns in that phase */
	const char *slot_label; /* that the release asks for; NULL: any */
	bool begins_updated; /* an update was made and kept before */
	bool begins_failed; /* the new firmware was taken back before */
	bool begins_unknown; /* the very first start on an empty disk */
	bool begins_killed; /* and nobody closed the database */
	bool begins_damaged; /* a page of the database is damaged */
	bool begins_unreadable; /* and nothing of it can be read */
	bool begins_without; /* the database is not there any more */
	bool begins_exchanging; /* it is away, its heir is complete, its log has not gone yet */
	bool bundle_is_bad; /* or what the server sends */
	bool download_breaks; /* once in each life of the daemon */
	int64_t clock_jump_usec; /* of the wall clock, before each start of the daemon but the first */
	enum job_phase end; /* of the wish, without faults and with most */
	enum job_phase
		other_end; /* also right when a fault came between; JOB_PHASE_INVALID: none */
	const char *configuration; /* fwslotd.conf */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* What is promised to whom. */
struct approval {
	bool is_asked, is_acknowledged; /* the call returned, before the world stopped */
	uint64_t job_id;
	unsigned turns; /* in the phase of the request */
	bool request_is_acknowledged; /* who gets no answer asks again */
};

/* What people see, as text. */
struct lab_picture {
	char text[16384];
	size_t length;
};

struct lab {
	struct engine_ops ops; /* first */
	const struct scenario *scenario;
	struct stopper stopper;
	struct disk *disk;
	struct messages messages;
	struct lab_device devices[LAB_DEVICES_MAX];
	bool is_plugged[LAB_DEVICES_MAX]; /* as the daemon was told */
	struct kernel_device told[LAB_DEVICES_MAX];
	struct approval approvals[LAB_DEVICES_MAX];
	uint64_t now_usec;
	sd_event *event;
	struct manager *manager; /* NULL: no daemon runs */
	struct given_order {
		enum job_action action; /* ACTION_WAIT: none */
		enum job_phase phase; /* of its job, as the daemon saw it */
		unsigned write_tries;
	} last_order[LAB_DEVICES_MAX]; /* of the life before */
	unsigned at_work; /* the device something is done with */
	struct delayed_order {
		bool is_there;
		enum job_action action;
		unsigned index, slot, value;
		unsigned turns; /* until it arrives */
		enum job_phase phase; /* of the job that gave it */
	} delayed;
	struct held_file held[LAB_DEVICES_MAX]; /* by whoever starts the daemon; name "": none */
	int64_t clock_error_usec; /* of the wall clock */
	unsigned host_boots;
	char boot_id[16];
	unsigned boots_seen[LAB_DEVICES_MAX]; /* of a device, and when the last one was */
	uint64_t booted_usec[LAB_DEVICES_MAX];
	struct {
		uint64_t now_usec,
			booted_usec; /* when the device was told, and when it had booted */
	} confirmed[LAB_DEVICES_MAX];
	uint64_t host_booted_usec;
	bool was_switched_off; /* a device */
	bool came_too_late; /* a delayed order, when its job was past that phase */
	bool host_has_died; /* or its power failed */
	unsigned delayed_event[LAB_DEVICES_MAX]; /* turns; 0 = none */
	unsigned plug_in_after; /* turns until an unplugged device is back */
	unsigned lives;
	struct {
		const struct scenario *scenario;
		struct disk_image *image;
		struct disk_image *killed; /* as a daemon left it that was killed */
		struct lab_device devices[LAB_DEVICES_MAX];
		uint64_t now_usec;
	} beginning; /* made once for all runs of a scenario */
	bool may_exhaust; /* so many faults that a device that counts may take them for bad firmware */
	bool any_end; /* a job may end otherwise than the scenario says, if what it says is true */
	bool is_beginning; /* nothing is stopped or counted while a beginning is made */
	struct lab_picture at_rest; /* when nothing was under way, the last time */
	char broken[512]; /* the first law that was broken; "" = none */
};

extern uint8_t old_image[IMAGE_BYTES]; /* set by lab_new() */

struct lab *lab_new(void);
struct lab *lab_free(struct lab *lab);

/* The file that people install, below import/. */
#define BUNDLE_NAME "b.fwb"

/* A world as the scenario begins. */
void lab_begin(struct lab *lab, const struct scenario *scenario);

/* A life of the daemon: starts it, lets the world turn until everything has come to rest or stopped. */
void lab_live(struct lab *lab, struct stop_plan plan);
/* What the fault of the last life did to the rest of the world, after the daemon is gone. */
void lab_fall(struct lab *lab, enum stop_what what, enum disk_loss loss, unsigned seed);
/* A life without daemon: the kernel and the devices go on. */
void lab_turn_alone(struct lab *lab, unsigned turns);

/* Something is wished that an update source offers. */
static inline bool lab_has_source(const struct scenario *scenario)
{
	return scenario->wish == WISH_INSTALL_UPDATE || scenario->wish == WISH_APPROVE;
}

void lab_break(struct lab *lab, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline bool lab_is_broken(const struct lab *lab)
{
	return lab->broken[0];
}

/* laws.c */
void laws_at_start(struct lab *lab); /* the daemon has read its store and seen no device yet */
void laws_at_job_end(struct lab *lab, const struct job *job);
void laws_at_rest(struct lab *lab); /* the daemon runs and nothing is under way */
void laws_at_end(struct lab *lab); /* the daemon was stopped in order */
/* One more start: nothing may change. */
void laws_start_again(struct lab *lab);

/* The new firmware of a scenario. */
void lab_new_image(const struct lab *lab, uint8_t image[static IMAGE_BYTES],
		   char digest[static 72]);
/* An order that arrives: no operation, no message. */
int lab_give(struct lab *lab, enum job_action action, unsigned index, unsigned slot,
	     unsigned value);
void lab_forget_held(struct held_file *file);
void lab_forget_all_held(struct lab *lab);
struct job *lab_job_of(struct lab *lab, unsigned index);
