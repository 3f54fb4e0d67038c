/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The few macros every file uses: ownership made visible by cleanup attributes,
 * and compiler checks. Holds no functions with a subject of their own.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Runs @function on the address of the variable when it leaves its scope. */
#define _cleanup_(function) __attribute__((cleanup(function)))
#define _warn_unused_ __attribute__((warn_unused_result))
#define _printf_(text_index, first_index) __attribute__((format(printf, text_index, first_index)))
#define _unused_ __attribute__((unused))

/* Hands the ownership of a pointer on: the variable is NULL afterwards. */
#define TAKE_PTR(pointer)                             \
	({                                            \
		__typeof__(pointer) *_p = &(pointer); \
		__typeof__(pointer) _v = *_p;         \
		*_p = NULL;                           \
		_v;                                   \
	})

/* The same for a file descriptor: the variable is -EBADF (-9) afterwards. */
#define TAKE_FD(fd)              \
	({                       \
		int *_p = &(fd); \
		int _v = *_p;    \
		*_p = -9;        \
		_v;              \
	})

/* Makes `void NAMEp(TYPE **)` for _cleanup_() out of `TYPE *NAME(TYPE *)` or `void NAME(TYPE *)`. */
#define DEFINE_CLEANUP(type, name)                          \
	static inline _unused_ void name##p(type **pointer) \
	{                                                   \
		if (*pointer)                               \
			name(*pointer);                     \
	}

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_free_ _cleanup_(freep)
