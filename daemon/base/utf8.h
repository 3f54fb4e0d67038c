/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UTF-8 as RFC 3629 has it: what is to go over the bus, where anything else ends the connection. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The bytes of @text, from its beginning, that are whole characters; all of them: it is valid. */
size_t utf8_valid_length(const char *text);
bool utf8_is_valid(const char *text);
