/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding trusted roots. What they are worth is the TUF client's business. */
#include "worker/remotes.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

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

static bool has_remote(const struct remotes *remotes, const char *name)
{
	for (size_t i = 0; i < remotes->count; i++)
		if (strcmp(remotes->list[i].name, name) == 0)
			return true;
	return false;
}

static int add_remote(struct remotes *remotes, int folder_fd, const char *folder, const char *name,
		      struct failure *failure)
{
	char path[REMOTE_NAME_MAX + sizeof("/root.json")];
	struct remote remote = { 0 };
	int r;

	if (remotes->count == REMOTES_MAX)
		return fail(failure, REASON_LIMIT_REACHED, "There are more than %d update sources.",
			    REMOTES_MAX);
	snprintf(path, sizeof(path), "%.*s/root.json", REMOTE_NAME_MAX, name);
	r = file_read(folder_fd, path, TUF_ROOT_BYTES_MAX, &remote.root, &remote.root_size);
	if (r < 0) {
		log_warning("Update source %s/%s is not used: cannot read its root.json: %s.",
			    folder, name, strerror(-r));
		return 0;
	}
	remote.name = strdup(name);
	if (!remote.name) {
		free(remote.root);
		return fail_memory(failure);
	}
	remotes->list[remotes->count++] = remote;
	return 0;
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
		if (remote_name_is_valid(entry->d_name) && !has_remote(remotes, entry->d_name))
			r = add_remote(remotes, dirfd(listing), folder, entry->d_name, failure);
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
	qsort(ret->list, ret->count, sizeof(ret->list[0]), compare_names);
	return r;
}

void remotes_clear(struct remotes *remotes)
{
	for (size_t i = 0; i < remotes->count; i++) {
		free(remotes->list[i].name);
		free(remotes->list[i].root);
	}
	*remotes = (struct remotes){ 0 };
}
