/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which rows of the engine's decision table were reached by this program. */
#pragma once

/* Prints those that were not; returns how many were. */
unsigned rows_print(void);
