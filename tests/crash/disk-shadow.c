/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See disk-shadow.h. Memory that runs out ends the program. */
#include "disk-shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tap.h"

static void *get(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		tap_bail("no memory");
	return memory;
}

struct node *shadow_find(struct disk *disk, ino_t inode)
{
	for (struct node *node = disk->nodes; node; node = node->next)
		if (node->inode == inode)
			return node;
	return NULL;
}

struct node *shadow_add(struct disk *disk, int fd)
{
	struct node *node = get(sizeof(*node));
	struct stat status;

	if (fstat(fd, &status) < 0)
		tap_bail("fstat");
	node->inode = status.st_ino;
	node->is_folder = S_ISDIR(status.st_mode);
	node->next = disk->nodes;
	disk->nodes = node;
	return node;
}

static void append_bytes(struct node *node, struct byte_change *change)
{
	struct byte_change **last = &node->byte_changes;

	while (*last)
		last = &(*last)->next;
	*last = change;
}

void shadow_write(struct node *node, const void *bytes, size_t size, off_t offset)
{
	struct byte_change *change = get(sizeof(*change));

	change->offset = offset;
	change->written = (struct bytes){ .bytes = get(size), .size = size };
	memcpy(change->written.bytes, bytes, size);
	append_bytes(node, change);
}

void shadow_truncate(struct node *node, off_t length)
{
	struct byte_change *change = get(sizeof(*change));

	change->offset = length;
	append_bytes(node, change);
}

static void append_name(struct node *folder, const char *from, const char *name, struct node *node)
{
	struct name_change *change = get(sizeof(*change)), **last = &folder->name_changes;

	snprintf(change->name, sizeof(change->name), "%s", name);
	snprintf(change->from, sizeof(change->from), "%s", from);
	change->node = node;
	while (*last)
		last = &(*last)->next;
	*last = change;
}

void shadow_name(struct node *folder, const char *name, struct node *node)
{
	append_name(folder, "", name, node);
}

/* Who has the name at this moment. */
static struct node *named(const struct node *folder, const char *name)
{
	struct node *node = NULL;

	for (const struct entry *entry = folder->entries; entry; entry = entry->next)
		if (strcmp(entry->name, name) == 0)
			node = entry->node;
	for (const struct name_change *c = folder->name_changes; c; c = c->next) {
		if (strcmp(c->from, name) == 0)
			node = NULL;
		if (strcmp(c->name, name) == 0)
			node = c->node;
	}
	return node;
}

void shadow_rename(struct node *folder, const char *from, const char *to)
{
	append_name(folder, from, to, named(folder, from));
}

static void resize(struct bytes *bytes, size_t size)
{
	uint8_t *larger = realloc(bytes->bytes, size ? size : 1);

	if (!larger)
		tap_bail("no memory");
	if (size > bytes->size)
		memset(larger + bytes->size, 0, size - bytes->size);
	*bytes = (struct bytes){ .bytes = larger, .size = size };
}

void bytes_apply(struct bytes *bytes, const struct byte_change *change)
{
	size_t end = (size_t)change->offset + change->written.size;

	if (!change->written.bytes) {
		resize(bytes, (size_t)change->offset);
		return;
	}
	if (end > bytes->size)
		resize(bytes, end);
	memcpy(bytes->bytes + change->offset, change->written.bytes, change->written.size);
}

struct entry *entries_copy(const struct entry *entries)
{
	struct entry *copy = NULL;

	for (; entries; entries = entries->next) {
		struct entry *entry = get(sizeof(*entry));

		*entry = *entries;
		entry->next = copy;
		copy = entry;
	}
	return copy;
}

static void entries_remove(struct entry **entries, const char *name)
{
	for (struct entry **at = entries; *at; at = &(*at)->next) {
		struct entry *entry = *at;

		if (strcmp(entry->name, name) != 0)
			continue;
		*at = entry->next;
		free(entry);
		return;
	}
}

void entries_apply(struct entry **entries, const struct name_change *change)
{
	struct entry *entry;

	if (change->from[0])
		entries_remove(entries, change->from);
	entries_remove(entries, change->name);
	if (!change->node)
		return;
	entry = get(sizeof(*entry));
	memcpy(entry->name, change->name, sizeof(entry->name));
	entry->node = change->node;
	entry->next = *entries;
	*entries = entry;
}

void entries_free(struct entry *entries)
{
	while (entries) {
		struct entry *next = entries->next;

		free(entries);
		entries = next;
	}
}

static void drop_byte_change(struct node *node)
{
	struct byte_change *change = node->byte_changes;

	node->byte_changes = change->next;
	free(change->written.bytes);
	free(change);
}

static void drop_name_change(struct node *node)
{
	struct name_change *change = node->name_changes;

	node->name_changes = change->next;
	free(change);
}

/* Half of it: the first changes are on the disk, the later ones are not yet. */
void shadow_sync(struct node *node, bool only_half)
{
	unsigned count = 0, keep;

	for (struct byte_change *c = node->byte_changes; c; c = c->next)
		count++;
	for (struct name_change *c = node->name_changes; c; c = c->next)
		count++;
	keep = only_half ? count - count / 2 : 0;
	for (; count > keep; count--) {
		if (node->is_folder) {
			entries_apply(&node->entries, node->name_changes);
			drop_name_change(node);
		} else {
			bytes_apply(&node->durable, node->byte_changes);
			drop_byte_change(node);
		}
	}
}

void shadow_forget(struct disk *disk)
{
	while (disk->nodes) {
		struct node *node = disk->nodes;

		disk->nodes = node->next;
		while (node->byte_changes)
			drop_byte_change(node);
		while (node->name_changes)
			drop_name_change(node);
		entries_free(node->entries);
		free(node->durable.bytes);
		free(node);
	}
	disk->root = NULL;
}
