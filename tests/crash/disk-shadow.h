/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a disk's files is durable, and the changes that are not: for each file its durable bytes
 * and the writes since, for each folder its durable names and the changes since. Private to disk*.c.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "disk.h"

#define NAME_BYTES 256

struct node;

struct bytes {
	uint8_t *bytes;
	size_t size;
};

/* A write, or (bytes NULL) a new length. */
struct byte_change {
	struct byte_change *next;
	off_t offset; /* or the length */
	struct bytes written;
};

struct entry {
	struct entry *next;
	char name[NAME_BYTES];
	struct node *node;
};

/* @name becomes @node (NULL: goes); @from, if any, goes in the same instant. */
struct name_change {
	struct name_change *next;
	char name[NAME_BYTES], from[NAME_BYTES];
	struct node *node;
};

struct node {
	struct node *next; /* newest first: numbers of inodes are used again */
	ino_t inode;
	bool is_folder;
	/* a file */
	struct bytes durable;
	struct byte_change *byte_changes; /* oldest first */
	/* a folder */
	struct entry *entries; /* durable */
	struct name_change *name_changes; /* oldest first */
};

struct disk {
	struct io_operations io; /* first */
	struct stopper *stopper;
	char folder[64];
	struct node *nodes;
	struct node *root;
};

extern const struct io_operations disk_operations; /* disk.c */

/* disk-shadow.c */
struct node *shadow_find(struct disk *disk, ino_t inode);
struct node *shadow_add(struct disk *disk, int fd);
void shadow_write(struct node *node, const void *bytes, size_t size, off_t offset);
void shadow_truncate(struct node *node, off_t length);
void shadow_name(struct node *folder, const char *name, struct node *node);
void shadow_rename(struct node *folder, const char *from, const char *to);
void shadow_sync(struct node *node, bool only_half);
void shadow_forget(struct disk *disk); /* all nodes */

/* Changes put upon durable ones. */
void bytes_apply(struct bytes *bytes, const struct byte_change *change);
struct entry *entries_copy(const struct entry *entries);
void entries_apply(struct entry **entries, const struct name_change *change);
void entries_free(struct entry *entries);
