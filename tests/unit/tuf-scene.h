/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of an author's repository, with a store in a folder of its own: what most
 * tests of trust/ begin with.
 */
#pragma once

#include "trust/client.h"
#include "tuf-author.h"

struct scene {
	struct author *author;
	char folder[64]; /* the parent of the store's */
	int folder_fd;
	const struct io_operations *io;
	bool is_held; /* refresh on a scratch copy, then commit */
	usec_t now;
	char *root; /* the shipped one */
	size_t root_size;
	/* of the last run */
	struct trust_store *store;
	struct trust_client *client;
	struct failure failure;
};

/* Publishes the author's repository and takes its root as the shipped one. */
struct scene *scene_new(struct author *author);
/* Frees everything, author and folder too. */
void scene_free(struct scene *scene);

/* A new client (as a new process would be) refreshes; returns the reason, REASON_OK if it went well. */
enum reason scene_refresh(struct scene *scene);
/* The same from what is stored only. */
enum reason scene_refresh_stored(struct scene *scene);
/* The same that asks for the timestamp first. */
enum reason scene_refresh_if_new(struct scene *scene);
/* After a refresh: finds and fetches a target. */
enum reason scene_fetch(struct scene *scene, const char *path);

/* The version in a stored file; 0: not there. */
json_int_t scene_stored_version(const struct scene *scene, const char *role);
/* Overwrites a stored file. */
void scene_put_stored(const struct scene *scene, const char *file_name, const char *text);
