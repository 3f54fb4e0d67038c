/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk that can lose what was not synchronized: a table of file operations over a real folder,
 * with a shadow of what is durable. A file's bytes are durable after fsync() of the file, its name
 * after fsync() of its folder, as POSIX promises and not as any one file system does better.
 * Nothing here knows what the files are for.
 */
#pragma once

#include "base/io.h"
#include "stop.h"

/* What a loss of power takes of what was not synchronized. */
enum disk_loss {
	LOSS_NOTHING, /* the cache happened to be written out */
	LOSS_EVERYTHING,
	LOSS_BYTES, /* names are there, bytes and lengths are not */
	LOSS_NAMES, /* the reverse */
	LOSS_ZEROS, /* names and lengths are there, the bytes are zero */
	LOSS_SOME, /* of names and writes any, of writes some half: pseudo-random */
	DISK_LOSS_MAX,
};
const char *disk_loss_word(enum disk_loss loss);

struct disk;

/* Over a new folder below TMPDIR, /dev/shm or /tmp. Every operation asks @stopper first. */
struct disk *disk_new(struct stopper *stopper);
/* Removes the folder. */
struct disk *disk_free(struct disk *disk);

const char *disk_folder(const struct disk *disk);
const struct io_operations *disk_io(struct disk *disk);

/* Nothing is in the folder. */
void disk_clear(struct disk *disk);

/* All that is in the folder, to begin from again. */
struct disk_image;
struct disk_image *disk_save(struct disk *disk);
struct disk_image *disk_image_free(struct disk_image *image);
/* The folder becomes the image, all of it durable. */
void disk_load(struct disk *disk, const struct disk_image *image);

/* Power fails: the folder becomes what is left. Nobody may have a file of it open. */
void disk_lose(struct disk *disk, enum disk_loss loss, unsigned seed);

/*
 * Is every change durable? Else the name of one that is not. That a file comes or goes whose name
 * ends in @except (may be NULL) does not count, its bytes do.
 */
bool disk_is_durable(struct disk *disk, const char *except, char ret_path[256]);
/* Of one file in the folder: what can be read there, and that it is there. */
bool disk_file_is_durable(struct disk *disk, const char *name);

/* Has the folder been changed by anything but the table? Else the path of something that was. */
bool disk_is_as_told(struct disk *disk, char ret_path[256]);

/* Of the folder's files: 0, or what @visit returned. Folders are visited with @is_folder. */
int disk_visit(struct disk *disk, int (*visit)(const char *path, bool is_folder, void *userdata),
	       void *userdata);
