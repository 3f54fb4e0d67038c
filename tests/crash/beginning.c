/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Beginnings: made once for each scenario, with a daemon that nothing befalls. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/file.h"
#include "lab.h"
#include "source.h"
#include "tap.h"

#define EPOCH_USEC (UINT64_C(1000000) * SECOND)
#define PAGE_BYTES 4096

/* Files that are there before the daemon is. */
static void put_file(struct lab *lab, const char *path, const char *text)
{
	const struct io_operations *io = lab->ops.io;
	char full[128];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", disk_folder(lab->disk), path);
	fd = io->open(io, AT_FDCWD, full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || file_write_all(io, fd, text, strlen(text)) < 0)
		tap_bail("cannot write %s", full);
	close(fd);
}

static void make_folder(struct lab *lab, const char *path)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", disk_folder(lab->disk), path);
	(void)lab->ops.io->mkdir(lab->ops.io, AT_FDCWD, full, 0700);
}

/* Where the first page of a table is that is seldom written, so that no log has it. */
static off_t seldom_written_page(const char *path)
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *database = NULL;
	char uri[256];
	off_t at;

	/* Without a look at the log, which it would take over. */
	snprintf(uri, sizeof(uri), "file:%s?immutable=1", path);
	if (sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) !=
		    SQLITE_OK ||
	    sqlite3_prepare_v2(database,
			       "SELECT rootpage FROM sqlite_master WHERE name = 'backups'", -1,
			       &statement, NULL) != SQLITE_OK ||
	    sqlite3_step(statement) != SQLITE_ROW)
		tap_bail("%s: %s", path, sqlite3_errmsg(database));
	at = (sqlite3_column_int(statement, 0) - 1) * (off_t)PAGE_BYTES;
	sqlite3_finalize(statement);
	sqlite3_close(database);
	return at;
}

/* The first page if everything was in order, one of a table's if a log is left. */
static void damage_database(struct lab *lab)
{
	off_t at = 0;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" STORE_FILE_NAME, disk_folder(lab->disk));
	if (lab->scenario->begins_without) {
		if (unlink(path) < 0)
			tap_bail("cannot remove %s", path);
		return;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && lab->scenario->begins_unreadable && ftruncate(fd, 0) < 0)
		tap_bail("cannot truncate %s", path);
	else if (fd >= 0 && lab->scenario->begins_killed && !lab->scenario->begins_unreadable)
		at = seldom_written_page(path);
	if (fd < 0 || pwrite(fd, "damaged", 7, at) != 7)
		tap_bail("cannot damage %s", path);
	close(fd);
}

static bool is_there(struct lab *lab, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", disk_folder(lab->disk), name);
	return access(path, F_OK) == 0;
}

/* The daemon is killed when the damaged database is away and its log is not. */
static void stop_between_renames(struct lab *lab)
{
	struct disk_image *before = disk_save(lab->disk);

	for (unsigned at = 1; is_there(lab, STORE_FILE_NAME); at++) {
		disk_load(lab->disk, before);
		lab_live(lab, (struct stop_plan){ at, STOP_AFTER, STOP_DAEMON });
		if (!lab->stopper.is_hit)
			tap_bail("nothing takes the place of a damaged database");
	}
	disk_image_free(before);
	if (!is_there(lab, STORE_FILE_NAME "-wal"))
		tap_bail("there is no log of a damaged database");
}

static void forget_past(struct lab *lab)
{
	memset(lab->approvals, 0, sizeof(lab->approvals));
	memset(lab->last_order, 0, sizeof(lab->last_order));
	memset(lab->confirmed, 0, sizeof(lab->confirmed));
	lab->lives = lab->host_boots = 0;
}

static void make_beginning(struct lab *lab, const struct scenario *scenario)
{
	struct scenario before = *scenario;

	disk_clear(lab->disk);
	for (unsigned i = 0; i < scenario->devices; i++)
		device_make(&lab->devices[i], i, &scenario->traits, &lab->stopper, old_image);
	make_folder(lab, "import");
	put_file(lab, "import/" BUNDLE_NAME, "a bundle");
	put_file(lab, "fwslotd.conf",
		 scenario->configuration ? scenario->configuration : "[Trial]\nTrialSec=200\n");
	if (lab_has_source(scenario)) {
		make_folder(lab, "remotes.d");
		make_folder(lab, "remotes.d/" SOURCE_NAME);
		put_file(lab, "remotes.d/" SOURCE_NAME "/root.json", "a root");
		put_file(lab, "remotes.d/" SOURCE_NAME "/remote.conf",
			 "[Remote]\nURL=https://example.com/\n");
	}
	forget_past(lab);
	before.request = REQUEST_NONE;
	if (!scenario->begins_failed)
		before.behaviour = IMAGE_BOOTS;
	before.wish = scenario->begins_updated || scenario->begins_failed ? WISH_INSTALL_IMPORTED :
									    WISH_NOTHING;
	lab->scenario = &before;
	lab->is_beginning = true;
	if (scenario->begins_killed) {
		before.wish = WISH_NOTHING;
		lab_live(lab, (struct stop_plan){ 0 });
		before.wish = WISH_INSTALL_IMPORTED;
	}
	if (!scenario->begins_unknown)
		lab_live(lab, (struct stop_plan){ 0 });
	if (scenario->begins_killed) {
		disk_load(lab->disk, lab->beginning.killed);
		lab->beginning.killed = disk_image_free(lab->beginning.killed);
	}
	lab->scenario = scenario;
	if (scenario->begins_damaged)
		damage_database(lab);
	if (scenario->begins_exchanging)
		stop_between_renames(lab);
	lab->is_beginning = false;
	if (lab_is_broken(lab))
		tap_bail("scenario %s cannot begin: %s", scenario->name, lab->broken);
	lab->beginning.scenario = scenario;
	disk_image_free(lab->beginning.image);
	lab->beginning.image = disk_save(lab->disk);
	memcpy(lab->beginning.devices, lab->devices, sizeof(lab->devices));
	lab->beginning.now_usec = lab->now_usec;
}

void lab_begin(struct lab *lab, const struct scenario *scenario)
{
	lab->broken[0] = '\0';
	lab->scenario = scenario;
	lab->now_usec = EPOCH_USEC;
	lab->plug_in_after = 0;
	lab->clock_error_usec = 0;
	lab->host_booted_usec = 0;
	lab->was_switched_off = false;
	snprintf(lab->boot_id, sizeof(lab->boot_id), "boot 0");
	lab->came_too_late = false;
	lab->any_end = lab->may_exhaust = lab->host_has_died = false;
	lab_forget_all_held(lab);
	lab->delayed.is_there = false;
	memset(&lab->messages, 0, sizeof(lab->messages));
	memset(lab->delayed_event, 0, sizeof(lab->delayed_event));
	stopper_set(&lab->stopper, (struct stop_plan){ 0 });
	if (lab->beginning.scenario != scenario)
		make_beginning(lab, scenario);
	disk_load(lab->disk, lab->beginning.image);
	memcpy(lab->devices, lab->beginning.devices, sizeof(lab->devices));
	for (size_t i = 0; i < ARRAY_SIZE(lab->devices); i++) {
		lab->boots_seen[i] = lab->devices[i].boots;
		lab->booted_usec[i] = 0;
	}
	lab->now_usec = lab->beginning.now_usec;
	forget_past(lab);
}
