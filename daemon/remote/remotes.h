/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The update sources an administrator or a package has put in place: FOLDER/NAME/root.json, the trusted root, and
 * where its server is, FOLDER/NAME/remote.conf (remote-conf.h); without the latter it is trusted for offline files
 * only. A file or a server can never add one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"

#define REMOTES_MAX 64
#define REMOTE_NAME_MAX 64

struct remote {
	char *name;
	char *root; /* the shipped root.json */
	size_t root_size;
	char *conf_path; /* of its remote.conf; NULL: there is none */
};

/* Starts as { 0 }. */
struct remotes {
	struct remote list[REMOTES_MAX]; /* by name */
	size_t count;
};

/* Letters, digits, '.', '_', '-', the first one a letter or digit. */
bool remote_name_is_valid(const char *name);

/*
 * Reads all of them. Of each file, root.json and remote.conf, the one in the earliest folder that has it counts: an
 * administrator can place his remote.conf before a package's. A folder that does not exist is empty; a remote whose
 * root.json cannot be read is skipped with a warning.
 */
_warn_unused_ int remotes_load(const char *const *folders, size_t count, struct remotes *ret,
			       struct failure *failure);
void remotes_clear(struct remotes *remotes);
#define _cleanup_remotes_ _cleanup_(remotes_clear)

/* NULL: there is none of that name. */
const struct remote *remotes_find(const struct remotes *remotes, const char *name);
