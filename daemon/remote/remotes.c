/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding trusted roots. What they are worth is the TUF client's business. */
#include "remote/remotes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "trust/limits.h"

bool remote_name_is_valid(const char *name)
{
	if (!isalnum((unsigned char)name[0]) || strlen(name) > REMOTE_NAME_MAX)
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return true;
}

static struct remote *find(struct remotes *remotes, const char *name)
{
	for (size_t i = 0; i < remotes->count; i++)
		if (strcmp(remotes->list[i].name, name) == 0)
			return &remotes->list[i];
	return NULL;
}

const struct remote *remotes_find(const struct remotes *remotes, const char *name)
{
	return find((struct remotes *)remotes, name);
}

/* The entry of that name, made if there is none. */
static int need_remote(struct remotes *remotes, const char *name, struct remote **ret,
		       struct failure *failure)
{
	*ret = find(remotes, name);
	if (*ret)
		return 0;
	if (remotes->count == REMOTES_MAX)
		return fail(failure, REASON_LIMIT_REACHED, "There are more than %d update sources.",
			    REMOTES_MAX);
	*ret = &remotes->list[remotes->count];
	**ret = (struct remote){ .name = strdup(name) };
	if (!(*ret)->name)
		return fail_memory(failure);
	remotes->count++;
	return 0;
}

/* What this folder has of it and no earlier one had. */
static int add_files(struct remotes *remotes, int folder_fd, const char *folder, const char *name,
		     struct failure *failure)
{
	char path[REMOTE_NAME_MAX + sizeof("/remote.conf")];
	struct remote *remote;
	int r = need_remote(remotes, name, &remote, failure);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%.*s/remote.conf", REMOTE_NAME_MAX, name);
	if (!remote->conf_path && faccessat(folder_fd, path, F_OK, 0) == 0 &&
	    asprintf(&remote->conf_path, "%s/%s", folder, path) < 0) {
		remote->conf_path = NULL;
		return fail_memory(failure);
	}
	if (remote->root)
		return 0;
	snprintf(path, sizeof(path), "%.*s/root.json", REMOTE_NAME_MAX, name);
	r = file_read(folder_fd, path, TUF_ROOT_BYTES_MAX, &remote->root, &remote->root_size);
	if (r < 0 && r != -ENOENT)
		log_warning("%s/%s cannot be read: %s.", folder, path, strerror(-r));
	return 0;
}

static void clear_remote(struct remote *remote)
{
	free(remote->name);
	free(remote->root);
	free(remote->conf_path);
}

static void drop_without_root(struct remotes *remotes)
{
	size_t kept = 0;

	for (size_t i = 0; i < remotes->count; i++) {
		if (remotes->list[i].root) {
			remotes->list[kept++] = remotes->list[i];
			continue;
		}
		log_warning("Update source %s is not used: it has no root.json that can be read.",
			    remotes->list[i].name);
		clear_remote(&remotes->list[i]);
	}
	remotes->count = kept;
}

static int load_folder(struct remotes *remotes, const char *folder, struct failure *failure)
{
	DIR *listing = opendir(folder);
	const struct dirent *entry;
	int r = 0;

	if (!listing && errno == ENOENT)
		return 0;
	if (!listing)
		return fail_errno(failure, errno, "Cannot list the update sources in %s", folder);
	while (r >= 0 && (entry = readdir(listing)))
		if (remote_name_is_valid(entry->d_name))
			r = add_files(remotes, dirfd(listing), folder, entry->d_name, failure);
	closedir(listing);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct remote *)a)->name, ((const struct remote *)b)->name);
}

int remotes_load(const char *const *folders, size_t count, struct remotes *ret,
		 struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = load_folder(ret, folders[i], failure);
	drop_without_root(ret);
	qsort(ret->list, ret->count, sizeof(ret->list[0]), compare_names);
	return r;
}

void remotes_clear(struct remotes *remotes)
{
	for (size_t i = 0; i < remotes->count; i++)
		clear_remote(&remotes->list[i]);
	*remotes = (struct remotes){ 0 };
}
