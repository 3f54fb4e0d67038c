/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Test Anything Protocol for C test programs: one program, one counter.
 * Each check prints "ok N - what" or "not ok N - what" and, when it fails, the
 * place and both values as "# " lines.  main() ends with "return tap_done();".
 * This file prints; it runs nothing in the background and catches no signals.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One counter for the whole program, also when its checks are spread over several files. */
__attribute__((weak)) unsigned int tap_checks_done;
__attribute__((weak)) unsigned int tap_checks_failed;

/* Prints one result line; returns is_ok. */
__attribute__((format(printf, 4, 5))) static inline bool
tap_result(bool is_ok, const char *file, int line, const char *format, ...)
{
	va_list args;

	tap_checks_done++;
	if (!is_ok)
		tap_checks_failed++;

	printf("%s %u - ", is_ok ? "ok" : "not ok", tap_checks_done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	if (!is_ok)
		printf("# at %s:%d\n", file, line);
	fflush(stdout);
	return is_ok;
}

static inline bool tap_result_int(intmax_t got, intmax_t expected, const char *file, int line,
				  const char *what)
{
	bool is_ok = tap_result(got == expected, file, line, "%s", what);

	if (!is_ok)
		printf("#      got %" PRIdMAX "\n# expected %" PRIdMAX "\n", got, expected);
	return is_ok;
}

static inline bool tap_result_string(const char *got, const char *expected, const char *file,
				     int line, const char *what)
{
	bool is_same = got && expected ? strcmp(got, expected) == 0 : got == expected;
	bool is_ok = tap_result(is_same, file, line, "%s", what);

	if (!is_ok)
		printf("#      got %s\n# expected %s\n", got ? got : "(null)",
		       expected ? expected : "(null)");
	return is_ok;
}

/* tap_ok(is_true, "format", ...): one check; its value is the condition's. */
#define tap_ok(condition, ...) tap_result((condition), __FILE__, __LINE__, __VA_ARGS__)

/* tap_is(got, expected, "what"): integers, enums and booleans up to intmax_t. */
#define tap_is(got, expected, what) \
	tap_result_int((intmax_t)(got), (intmax_t)(expected), __FILE__, __LINE__, (what))

/* tap_is_string(got, expected, "what"): NULL equals only NULL. */
#define tap_is_string(got, expected, what) \
	tap_result_string((got), (expected), __FILE__, __LINE__, (what))

/* A check that cannot be made here; counted apart, never as passed. */
static inline void tap_skip(const char *what, const char *why)
{
	tap_checks_done++;
	printf("ok %u - %s # SKIP %s\n", tap_checks_done, what, why);
	fflush(stdout);
}

/* What stands in the way of all further checks: says so and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) static inline void tap_bail(const char *format, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	exit(99);
}

/* Prints the plan; returns the program's exit status. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_checks_done);
	fflush(stdout);
	return tap_checks_failed || !tap_checks_done ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
