/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The two folders of the state whose files are images, each named by the SHA-256 of what it holds: how they are called,
 * found, opened and removed. What is in them and how long it stays: payload.h, backups.h.
 */
#pragma once

#include "engine/private.h"

enum image_folder {
	IMAGES_PAYLOAD, /* STATE/payload/<digits>: as it is written to a slot */
	IMAGES_BACKUP, /* STATE/backup/<digits>.zst: compressed */
};

#define IMAGES_HEX_LENGTH 64
#define IMAGES_NAME_SIZE (IMAGES_HEX_LENGTH + 5)

/* The digits of "sha256:<digits>"; NULL: not a digest, and so no file name either. */
const char *images_hex(const char *digest);
/* The file's name; false: not a digest. */
bool images_file_name(enum image_folder which, const char *digest,
		      char name[static IMAGES_NAME_SIZE]);
/* The caller frees it; NULL on lack of memory. */
char *images_folder_path(const struct manager *manager, enum image_folder which);
/* Makes the folder when first needed; the descriptor or -errno. */
int images_open_folder(const struct manager *manager, enum image_folder which);
/* The file with the image @digest, opened for reading, or -errno. */
int images_open(const struct manager *manager, enum image_folder which, const char *digest);
/* What cannot be removed is told in the journal. */
void images_remove(const struct manager *manager, enum image_folder which, int folder_fd,
		   const char *name);
