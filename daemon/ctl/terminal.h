/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the terminal can do, and text that is safe on it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns of the terminal; 0: standard output is none, so nothing has to be cut. */
size_t terminal_width(void);
/* Standard output is a terminal, and neither NO_COLOR nor TERM=dumb forbids colour. */
bool terminal_has_colour(void);
/* How many columns @text takes; letters may take none or two. */
size_t terminal_text_width(const char *text);
/* Prints @text without control characters, in @width columns: cut with an ellipsis, or filled up. */
void terminal_put(const char *text, size_t width, bool is_right);
/* The same; @word also chooses the colour: done is good, failed is not. */
void terminal_put_state(const char *word, size_t width);

/* "3 min ago"; or the date and time when that was more than a day ago. The caller frees it. */
char *terminal_time(uint64_t usec, uint64_t now_usec);
/* "1.5 MiB" */
char *terminal_bytes(uint64_t bytes);
