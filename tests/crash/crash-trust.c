/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeout: 600
 *
 * An update of trusted metadata, stopped at every operation: the next client must succeed, end
 * with the newest metadata, and never trust anything older than what was trusted before.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit/tuf-author.h"
#include "base/file.h"
#include "base/json.h"
#include "disk.h"
#include "run.h"
#include "tap.h"
#include "trust/client.h"

#define REPOSITORY "repository"

static const char *const roles[] = { "root", "timestamp", "snapshot", "targets" };

struct trial {
	struct stopper stopper;
	struct disk *disk;
	struct author *author;
	char *root;
	size_t root_size;
	bool is_first; /* nothing is trusted before */
	bool holds; /* as for an offline file: all changes at the end */
	char broken[256];
};

static void break_law(struct trial *trial, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void break_law(struct trial *trial, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!trial->broken[0])
		vsnprintf(trial->broken, sizeof(trial->broken), format, args);
	va_end(args);
}

static int refresh_with(struct trial *trial, int parent_fd, struct failure *failure)
{
	_cleanup_trust_store_ struct trust_store *store = NULL;
	_cleanup_trust_client_ struct trust_client *client = NULL;
	int r = trust_store_open(disk_io(trial->disk), parent_fd, REPOSITORY, &store, failure);

	if (r < 0)
		return r;
	if (trial->holds)
		trust_store_hold(store);
	r = trust_client_new(store, &trial->author->fetcher, CLIENT_FETCH, AUTHOR_NOW, trial->root,
			     trial->root_size, &client, failure);
	if (r >= 0)
		r = trust_client_refresh(client, failure);
	if (r >= 0 && trial->holds)
		r = trust_store_commit(store, TRUST_STORE_COMMIT_ALL, failure);
	return r;
}

/* A client in a process of its own. */
static bool refresh(struct trial *trial, struct stop_plan plan)
{
	_cleanup_failure_ struct failure failure = { 0 };
	int fd = open(disk_folder(trial->disk), O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	author_forget_requests(trial->author);
	stopper_set(&trial->stopper, plan);
	r = refresh_with(trial, fd, &failure);
	close(fd);
	if (r < 0 && !trial->stopper.is_stopped)
		break_law(trial, "the client fails: %s", failure_message(&failure));
	return r >= 0;
}

static json_int_t stored_version(struct trial *trial, const char *role)
{
	_cleanup_json_ json_t *document = NULL;
	_cleanup_free_ char *text = NULL;
	char path[256];
	size_t size;

	snprintf(path, sizeof(path), "%s/" REPOSITORY "/%s.json", disk_folder(trial->disk), role);
	if (file_read(AT_FDCWD, path, 1 << 20, &text, &size) < 0)
		return 0;
	document = json_loadb(text, size, 0, NULL);
	return json_integer_value(json_object_get(json_object_get(document, "signed"), "version"));
}

static int check_name(const char *path, bool is_folder, void *userdata)
{
	const char *name = strrchr(path, '/');

	(void)is_folder;
	if (name && name[1] == '.')
		break_law(userdata, "the file %s is left over", path);
	return 0;
}

static void check_end(struct trial *trial)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (stored_version(trial, roles[i]) != 2)
			break_law(trial, "%s is version %d, expected 2", roles[i],
				  (int)stored_version(trial, roles[i]));
	disk_visit(trial->disk, check_name, trial);
}

/* What was trusted before is not lost by a crash, unless the new root invalidated it. */
static void check_nothing_older(struct trial *trial)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		json_int_t version = stored_version(trial, roles[i]);
		bool may_be_gone = strcmp(roles[i], "timestamp") == 0 ||
				   strcmp(roles[i], "snapshot") == 0;

		if (version < 1 && !may_be_gone)
			break_law(trial, "the trusted %s is lost", roles[i]);
	}
}

static bool run_point(struct trial *trial, const struct disk_image *beginning,
		      struct stop_plan plan, enum disk_loss loss)
{
	char path[256];

	trial->broken[0] = '\0';
	disk_load(trial->disk, beginning);
	(void)refresh(trial, plan);
	if (!trial->stopper.is_hit)
		return false;
	if (plan.what != STOP_DAEMON)
		disk_lose(trial->disk, loss, plan.at);
	if (!trial->is_first)
		check_nothing_older(trial);
	if (refresh(trial, (struct stop_plan){ 0 })) {
		check_end(trial);
		if (plan.what != STOP_DAEMON && !disk_is_durable(trial->disk, NULL, path))
			break_law(trial, "%s is not durable", path);
	}
	/* A second start changes nothing. */
	if (refresh(trial, (struct stop_plan){ 0 }) && !disk_is_as_told(trial->disk, path))
		break_law(trial, "%s was changed by other means than the table", path);
	return true;
}

static void run_points(struct trial *trial, const struct disk_image *beginning, const char *name,
		       struct figures *figures)
{
	unsigned spread = setting("CRASH_SPREAD", 3), turn = setting("CRASH_SEED", 1);
	unsigned operations, lost = 0;
	unsigned long points = 0;

	disk_load(trial->disk, beginning);
	(void)refresh(trial, (struct stop_plan){ 0 });
	operations = trial->stopper.count;
	check_end(trial);
	if (trial->broken[0])
		tap_bail("%s, undisturbed: %s", name, trial->broken);
	for (unsigned i = 0; i < operations * STOP_WHEN_MAX * (DISK_LOSS_MAX + 1); i++) {
		enum disk_loss loss = (enum disk_loss)(i / operations / STOP_WHEN_MAX);
		struct stop_plan plan = {
			.at = i % operations + 1,
			.when = (enum stop_when)(i / operations % STOP_WHEN_MAX),
			.what = loss == DISK_LOSS_MAX ? STOP_DAEMON : STOP_POWER,
		};

		if (turn++ % spread != 0 ||
		    !run_point(trial, beginning, plan, loss == DISK_LOSS_MAX ? LOSS_NOTHING : loss))
			continue;
		points++;
		figures->whats[plan.what]++;
		if (!trial->broken[0])
			continue;
		lost++;
		printf("# %s: %s, %s operation %u, %s: %s\n", name, stop_what_word(plan.what),
		       stop_when_word(plan.when), plan.at,
		       loss == DISK_LOSS_MAX ? "" : disk_loss_word(loss), trial->broken);
		stop_if_asked();
	}
	figures->operations += operations;
	figures->points += points;
	figures->lost += lost;
	tap_ok(lost == 0 && points > 0, "%s: %u operations, stopped at %lu points, %u lost", name,
	       operations, points, lost);
}

static void rotate(struct author *author, const char *role)
{
	struct author_role *found = author_role(author, role);

	if (signer_generate(SIGNER_ED25519, &found->signers[0], NULL) < 0)
		tap_bail("no key");
}

/* Version 1 is trusted; version 2, with new keys for @rotated, is on the server. */
static void run_trial(const char *name, bool holds, bool is_first, const char *const *rotated,
		      struct figures *figures)
{
	struct trial trial = { .is_first = is_first,
			       .holds = holds,
			       .author = author_new(SIGNER_ED25519) };
	struct disk_image *beginning;
	const struct author_file *root;
	struct signer *old[4];
	size_t count = 0;

	trial.disk = disk_new(&trial.stopper);
	author_publish(trial.author);
	root = author_find(trial.author, "metadata/1.root.json");
	trial.root = strndup(root->bytes, root->size);
	trial.root_size = root->size;
	if (!is_first && !refresh(&trial, (struct stop_plan){ 0 }))
		tap_bail("%s cannot begin: %s", name, trial.broken);
	beginning = disk_save(trial.disk);
	for (; rotated[count]; count++) {
		old[count] = author_role(trial.author, rotated[count])->signers[0];
		rotate(trial.author, rotated[count]);
	}
	author_bump(trial.author, "root");
	author_fill_root(trial.author);
	author_publish_next(trial.author);
	run_points(&trial, beginning, name, figures);
	while (count > 0)
		signer_free(old[--count]);
	disk_image_free(beginning);
	disk_free(trial.disk);
	author_free(trial.author);
	free(trial.root);
}

int main(void)
{
	static const char *const none[] = { NULL }, *const online[] = { "timestamp", "snapshot",
									NULL };
	struct figures figures = { 0 };

	run_trial("metadata of a server", false, false, none, &figures);
	run_trial("metadata of a server, with new keys", false, false, online, &figures);
	run_trial("metadata of an offline file", true, false, none, &figures);
	run_trial("metadata of an offline file, with new keys", true, false, online, &figures);
	run_trial("the first refresh", true, true, none, &figures);
	figures_print(&figures);
	return tap_done();
}
