/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whole states of the disk: saved, loaded, lost, compared. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "disk-shadow.h"
#include "tap.h"

#define PATH_BYTES 256
#define FILE_BYTES_MAX (4 << 20)

struct item {
	struct item *next;
	char path[PATH_BYTES]; /* below the folder */
	bool is_folder;
	struct bytes content;
};

/* A folder comes before what is in it. */
struct disk_image {
	struct item *items, **end;
};

static const char *const words[DISK_LOSS_MAX] = {
	[LOSS_NOTHING] = "nothing lost",	   [LOSS_EVERYTHING] = "all unsynchronized lost",
	[LOSS_BYTES] = "bytes lost, names kept",   [LOSS_NAMES] = "names lost, bytes kept",
	[LOSS_ZEROS] = "lengths kept, bytes zero", [LOSS_SOME] = "some lost",
};

const char *disk_loss_word(enum disk_loss loss)
{
	return words[loss];
}

static struct disk_image *image_new(void)
{
	struct disk_image *image = calloc(1, sizeof(*image));

	if (!image)
		tap_bail("no memory");
	image->end = &image->items;
	return image;
}

struct disk_image *disk_image_free(struct disk_image *image)
{
	while (image && image->items) {
		struct item *item = image->items;

		image->items = item->next;
		free(item->content.bytes);
		free(item);
	}
	free(image);
	return NULL;
}

/* Takes over @content. */
static void image_add(struct disk_image *image, const char *path, bool is_folder,
		      struct bytes content)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item || strlen(path) >= sizeof(item->path))
		tap_bail("cannot remember %s", path);
	strcpy(item->path, path);
	item->is_folder = is_folder;
	item->content = content;
	*image->end = item;
	image->end = &item->next;
}

static int visit_folder(int fd, const char *path,
			int (*visit)(const char *path, bool is_folder, void *userdata),
			void *userdata)
{
	DIR *opened = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!opened)
		tap_bail("cannot list %s", path);
	while (r == 0 && (entry = readdir(opened))) {
		char below[PATH_BYTES];
		bool is_folder = entry->d_type == DT_DIR;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "/" : "",
			     entry->d_name) >= (int)sizeof(below))
			tap_bail("%s is too deep", path);
		r = visit(below, is_folder, userdata);
		if (r == 0 && is_folder)
			r = visit_folder(openat(dirfd(opened), entry->d_name,
						O_RDONLY | O_DIRECTORY | O_CLOEXEC),
					 below, visit, userdata);
	}
	closedir(opened);
	return r;
}

int disk_visit(struct disk *disk, int (*visit)(const char *path, bool is_folder, void *userdata),
	       void *userdata)
{
	return visit_folder(open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), "", visit,
			    userdata);
}

struct saving {
	struct disk_image *image;
	int root_fd;
};

static int save_one(const char *path, bool is_folder, void *userdata)
{
	struct saving *saving = userdata;
	struct bytes content = { 0 };
	char *text = NULL;

	if (!is_folder &&
	    file_read(saving->root_fd, path, FILE_BYTES_MAX, &text, &content.size) < 0)
		tap_bail("cannot read %s", path);
	content.bytes = (uint8_t *)text;
	image_add(saving->image, path, is_folder, content);
	return 0;
}

struct disk_image *disk_save(struct disk *disk)
{
	struct saving saving = {
		.image = image_new(),
		.root_fd = open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};

	disk_visit(disk, save_one, &saving);
	close(saving.root_fd);
	return saving.image;
}

static void empty_folder(int fd)
{
	DIR *opened = fdopendir(fd);
	struct dirent *entry;

	while ((entry = readdir(opened))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type == DT_DIR)
			empty_folder(openat(dirfd(opened), entry->d_name,
					    O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		(void)unlinkat(dirfd(opened), entry->d_name,
			       entry->d_type == DT_DIR ? AT_REMOVEDIR : 0);
	}
	closedir(opened);
}

static void load_item(struct disk *disk, int root_fd, const struct item *item)
{
	const char *slash = strrchr(item->path, '/');
	char parent[PATH_BYTES] = ".";
	struct name_change change = { 0 };
	struct node *node;
	struct stat status;
	int fd;

	if (slash)
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - item->path), item->path);
	snprintf(change.name, sizeof(change.name), "%s", slash ? slash + 1 : item->path);
	if (item->is_folder && mkdirat(root_fd, item->path, 0700) < 0)
		tap_bail("mkdir %s: %s", item->path, strerror(errno));
	fd = openat(root_fd, item->path,
		    item->is_folder ? O_RDONLY | O_DIRECTORY | O_CLOEXEC :
				      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
	if (fd < 0 ||
	    (item->content.size > 0 &&
	     write(fd, item->content.bytes, item->content.size) != (ssize_t)item->content.size))
		tap_bail("cannot write %s", item->path);
	node = shadow_add(disk, fd);
	close(fd);
	if (item->content.size > 0) {
		struct byte_change all = { .written = item->content };

		bytes_apply(&node->durable, &all);
	}
	change.node = node;
	if (fstatat(root_fd, parent, &status, 0) < 0)
		tap_bail("no folder %s", parent);
	entries_apply(&shadow_find(disk, status.st_ino)->entries, &change);
}

void disk_load(struct disk *disk, const struct disk_image *image)
{
	int root_fd = open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		tap_bail("cannot open %s", disk->folder);
	empty_folder(dup(root_fd));
	shadow_forget(disk);
	disk->root = shadow_add(disk, root_fd);
	for (const struct item *item = image->items; item; item = item->next)
		load_item(disk, root_fd, item);
	close(root_fd);
}

void disk_clear(struct disk *disk)
{
	struct disk_image *empty = image_new();

	disk_load(disk, empty);
	disk_image_free(empty);
}

/* What is left of things after a loss. */

static unsigned draw(unsigned *random)
{
	*random = *random * 1664525u + 1013904223u;
	return *random >> 16;
}

static void apply_zeros(struct bytes *bytes, const struct byte_change *change)
{
	struct byte_change zeros = *change;

	if (change->written.bytes) {
		zeros.written.bytes = calloc(1, change->written.size);
		if (!zeros.written.bytes)
			tap_bail("no memory");
	}
	bytes_apply(bytes, &zeros);
	free(zeros.written.bytes);
}

static void apply_some(struct bytes *bytes, const struct byte_change *change, unsigned *random)
{
	struct byte_change half = *change;

	switch (draw(random) % 4) {
	case 0:
		break;
	case 1:
		if (half.written.bytes)
			half.written.size /= 2;
		bytes_apply(bytes, &half);
		break;
	case 2:
		apply_zeros(bytes, change);
		break;
	default:
		bytes_apply(bytes, change);
	}
}

static struct bytes bytes_after(const struct node *node, enum disk_loss loss, unsigned *random)
{
	struct bytes bytes = { 0 };

	if (node->durable.size > 0)
		bytes_apply(&bytes, &(struct byte_change){ .written = node->durable });
	for (const struct byte_change *c = node->byte_changes; c; c = c->next) {
		if (loss == LOSS_NOTHING || loss == LOSS_NAMES)
			bytes_apply(&bytes, c);
		else if (loss == LOSS_ZEROS)
			apply_zeros(&bytes, c);
		else if (loss == LOSS_SOME)
			apply_some(&bytes, c, random);
	}
	return bytes;
}

static struct entry *entries_after(const struct node *folder, enum disk_loss loss, unsigned *random)
{
	struct entry *entries = entries_copy(folder->entries);

	if (loss == LOSS_EVERYTHING || loss == LOSS_NAMES)
		return entries;
	for (const struct name_change *c = folder->name_changes; c; c = c->next) {
		/* POSIX keeps no order of names but by fsync(). */
		if (loss == LOSS_SOME && draw(random) % 3 == 0)
			continue;
		entries_apply(&entries, c);
	}
	return entries;
}

static void collect(struct disk_image *image, const struct node *folder, const char *path,
		    enum disk_loss loss, unsigned *random)
{
	struct entry *entries = entries_after(folder, loss, random);

	for (const struct entry *e = entries; e; e = e->next) {
		char below[PATH_BYTES];

		if (snprintf(below, sizeof(below), "%s%s%s", path, path[0] ? "/" : "", e->name) >=
		    (int)sizeof(below))
			tap_bail("%s is too deep", path);
		image_add(image, below, e->node->is_folder,
			  e->node->is_folder ? (struct bytes){ 0 } :
					       bytes_after(e->node, loss, random));
		if (e->node->is_folder)
			collect(image, e->node, below, loss, random);
	}
	entries_free(entries);
}

void disk_lose(struct disk *disk, enum disk_loss loss, unsigned seed)
{
	struct disk_image *image = image_new();

	collect(image, disk->root, "", loss, &seed);
	disk_load(disk, image);
	disk_image_free(image);
}

static bool ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name);

	return ending && length >= strlen(ending) &&
	       strcmp(name + length - strlen(ending), ending) == 0;
}

static bool folder_is_durable(const struct node *folder, const char *except, char ret_path[256])
{
	for (const struct name_change *c = folder->name_changes; c; c = c->next) {
		if (ends_in(c->name, except))
			continue;
		snprintf(ret_path, 256, "name %.200s", c->name);
		return false;
	}
	for (const struct entry *e = folder->entries; e; e = e->next) {
		if (e->node->is_folder && !folder_is_durable(e->node, except, ret_path))
			return false;
		if (e->node->byte_changes) {
			snprintf(ret_path, 256, "bytes of %.200s", e->name);
			return false;
		}
	}
	return true;
}

bool disk_is_durable(struct disk *disk, const char *except, char ret_path[256])
{
	return folder_is_durable(disk->root, except, ret_path);
}

bool disk_file_is_durable(struct disk *disk, const char *name)
{
	const struct node *node = NULL;
	bool has_durable_name = true;

	for (const struct entry *e = disk->root->entries; e; e = e->next)
		if (strcmp(e->name, name) == 0)
			node = e->node;
	for (const struct name_change *c = disk->root->name_changes; c; c = c->next) {
		if (strcmp(c->name, name) != 0)
			continue;
		node = c->node;
		has_durable_name = false;
	}
	/* Nothing can be read of what is gone or empty. */
	if (!node || (node->durable.size == 0 && !node->byte_changes))
		return true;
	return has_durable_name && !node->byte_changes;
}

static const struct item *find_item(const struct disk_image *image, const char *path)
{
	for (const struct item *item = image->items; item; item = item->next)
		if (strcmp(item->path, path) == 0)
			return item;
	return NULL;
}

bool disk_is_as_told(struct disk *disk, char ret_path[256])
{
	struct disk_image *told = image_new(), *found = disk_save(disk);
	unsigned count = 0;
	bool is_same = true;

	collect(told, disk->root, "", LOSS_NOTHING, &(unsigned){ 0 });
	for (const struct item *item = found->items; item && is_same; item = item->next, count++) {
		const struct item *other = find_item(told, item->path);

		is_same = other && other->is_folder == item->is_folder &&
			  other->content.size == item->content.size &&
			  (item->content.size == 0 ||
			   memcmp(other->content.bytes, item->content.bytes, item->content.size) ==
				   0);
		snprintf(ret_path, 256, "%.250s", item->path);
	}
	for (const struct item *item = told->items; item && is_same; item = item->next) {
		is_same = find_item(found, item->path) != NULL;
		snprintf(ret_path, 256, "%.250s", item->path);
	}
	disk_image_free(told);
	disk_image_free(found);
	return is_same;
}

static bool make_folder(struct disk *disk, const char *below)
{
	snprintf(disk->folder, sizeof(disk->folder), "%.32s/fwslot-crash-XXXXXX", below);
	return mkdtemp(disk->folder) != NULL;
}

struct disk *disk_new(struct stopper *stopper)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	const char *below = getenv("TMPDIR");

	if (!disk)
		tap_bail("no memory");
	disk->io = disk_operations;
	disk->stopper = stopper;
	if (!(below && below[0] && make_folder(disk, below)) && !make_folder(disk, "/dev/shm") &&
	    !make_folder(disk, "/tmp"))
		tap_bail("cannot make a folder: %s", strerror(errno));
	disk_clear(disk);
	return disk;
}

struct disk *disk_free(struct disk *disk)
{
	if (!disk)
		return NULL;
	empty_folder(open(disk->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	(void)rmdir(disk->folder);
	shadow_forget(disk);
	free(disk);
	return NULL;
}

const char *disk_folder(const struct disk *disk)
{
	return disk->folder;
}

const struct io_operations *disk_io(struct disk *disk)
{
	return &disk->io;
}
