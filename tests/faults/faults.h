/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What becomes of a story when one of its calls fails: each allocation and each system call of
 * our own code is counted (wraps.c), the story is told again and again with the first, the
 * second, ... of them failing, and after each telling everything must still be right.
 *
 * What libraries allocate themselves is counted where they let us: SQLite and jansson.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/reason.h"

struct fault_story {
	const char *name;
	/* Makes the world in which it begins, also over the remains of a telling. Nothing fails in it. */
	void (*prepare)(void);
	/* What is tried. 0, or a negative errno and, unless says_nothing, a failure. */
	int (*act)(struct failure *failure);
	/* The world after act() returned @r: NULL, or what is wrong with it. */
	const char *(*look)(int r);
	bool says_nothing;
	/* Every call of SQLite's and GnuTLS's that can fail does, not only each tenth of what they allocate. */
	bool fails_libraries;
};

/*
 * Tells the story with every call failing once, each time followed by a telling without faults
 * over the same world, which must succeed; one TAP result. FAULT=N tells only with the Nth.
 */
void faults_try(const struct fault_story *story);

/* Between these, nothing is counted and nothing fails: for what a story does that is not ours. */
void faults_pause(void);
void faults_resume(void);

/* Removes what is in the folder, which exists: for prepare(). */
void faults_empty_folder(const char *path);

/* Of wraps.c: is it this call's turn to fail? */
bool fault_is_due(const char *call);
/* The same for what a library allocates: only some of these are counted. */
bool fault_is_due_in_library(const char *call);
/* The same for a function of a library: counted in stories that are about them. */
bool fault_is_due_at_library(const char *function);

/* Makes SQLite and jansson allocate through counted calls. Before their first use. */
void faults_watch_libraries(void);
