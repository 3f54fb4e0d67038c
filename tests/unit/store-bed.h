/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the store share: a folder of their own, and a job to keep. */
#pragma once

#include <stddef.h>

#include "base/macros.h"
#include "store/store.h"

extern char folder[];

struct found_jobs {
	unsigned count;
	struct job_record last;
	char message[64];
};

/* The caller frees. */
char *path_in_folder(const char *name);
struct store *open_store(void);
/* With something in every field. */
struct job_record some_job(void);
/* For store_load_jobs(): @userdata is a struct found_jobs. */
int collect_job(const struct job_record *record, const char *message, void *userdata);

/* Each test in an empty folder; returns the program's status. */
int store_bed_run(void (*const tests[])(void), size_t count);
