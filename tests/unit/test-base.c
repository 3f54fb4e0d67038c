/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/: reasons, time, numbers, hexadecimal, files, JSON and its canonical form. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/reason.h"
#include "base/time.h"
#include "tap.h"

static void test_reasons(void)
{
	bool is_complete = true, is_unique = true;

	for (int i = 0; i < _REASON_COUNT; i++) {
		enum reason reason = (enum reason)i;
		const char *sentence = reason_sentence(reason);

		is_complete = is_complete && reason_word(reason) && reason_bus_suffix(reason) &&
			      sentence && sentence[strlen(sentence) - 1] == '.' &&
			      (reason_errno(reason) < 0) == (i != 0);
		is_unique = is_unique && reason_from_word(reason_word(reason)) == reason;
		for (int j = 0; j < i; j++)
			is_unique = is_unique && strcmp(reason_bus_suffix(reason),
							reason_bus_suffix((enum reason)j));
	}
	tap_ok(is_complete, "every reason has word, suffix, errno and a sentence");
	tap_ok(is_unique, "no word and no suffix twice");
	tap_is(reason_from_word("no-such-word"), _REASON_INVALID, "an unknown word");
	tap_is_string(reason_word((enum reason)999), "internal", "an unknown number");
	tap_is(reason_from_errno(-ENOSPC), REASON_NO_SPACE, "ENOSPC");
	tap_is(reason_from_errno(ENODEV), REASON_DEVICE_LOST, "ENODEV");
	tap_is(reason_from_errno(EPERM), REASON_IO_ERROR, "any other");
}

static void test_failure(void)
{
	struct failure failure = { 0 }, other = { 0 };

	tap_is(fail(&failure, REASON_EXPIRED, "%d days", 3), reason_errno(REASON_EXPIRED),
	       "fail() returns the errno");
	fail(&failure, REASON_INTERNAL, "later");
	tap_is_string(failure_message(&failure), "3 days", "the first cause stays");
	failure_move(&other, &failure);
	tap_is(failure.reason, REASON_OK, "moved from");
	tap_is(other.reason, REASON_EXPIRED, "moved to");
	failure_clear(&other);
	tap_is(fail_errno(&failure, -ENOSPC, "Writing x"), -ENOSPC, "fail_errno()");
	tap_is_string(failure_message(&failure), "Writing x: No space left on device.",
		      "its message");
	failure_clear(&failure);
	fail_memory(&failure);
	tap_is_string(failure_message(&failure), "Not enough memory.", "a default sentence");
	failure_clear(&failure);
	tap_is(fail(NULL, REASON_BUSY, "x"), -EBUSY, "no failure is wanted");
}

static void test_time(void)
{
	static const char *const bad[] = {
		"2026-11-01T00:00:00",	     "2026-11-01 00:00:00Z",   "2026-11-01T00:00:00z",
		"2026-11-01T00:00:00+00:00", "2026-11-01T00:00:00.5Z", "2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",	     "2026-11-31T00:00:00Z",   "2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",	     "2026-11-01T24:00:00Z",   "2026-11-01T00:60:00Z",
		"2026-11-01T00:00:60Z",	     "1969-12-31T23:59:59Z",   "",
		" 026-11-01T00:00:00Z",	     "+026-11-01T00:00:00Z",   "2026-11-01T00:00:00ZZ",
	};
	char text[TIME_TEXT_SIZE];
	usec_t time;

	tap_ok(time_parse("2028-02-29T23:59:59Z", &time) >= 0 && time == 1835481599 * USEC_PER_SEC,
	       "a leap day");
	tap_is_string(time_format(time, text), "2028-02-29T23:59:59Z", "and back");
	tap_is_string(time_format(USEC_INFINITY, text), "9999-12-31T23:59:59Z", "the end of time");
	tap_ok(time_parse("9999-12-31T23:59:59Z", &time) >= 0, "is read");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_is(time_parse(bad[i], &time), -EINVAL, bad[i]);
	tap_ok(time_parse_date("2031-12-31", &time) >= 0 &&
		       time_parse_date("2031-12-31T", &time) < 0,
	       "a date");
	time = time_floor("/proc/self/no such file");
	tap_ok(time > 1600000000 * USEC_PER_SEC && time <= time_now_realtime() &&
		       time_floor("/proc/self/stat") >= time,
	       "what has passed when this was made has passed; a clock's file may say more");
	tap_ok(time_now_realtime() > 1600000000 * USEC_PER_SEC && time_now_monotonic() > 0,
	       "the clocks");
}

static void test_numbers(void)
{
	uint64_t number;
	uint8_t bytes[3];
	char text[7];

	tap_ok(parse_u64("18446744073709551615", &number) >= 0 && number == UINT64_MAX,
	       "the largest number");
	tap_is(parse_u64("18446744073709551616", &number), -ERANGE, "one more");
	tap_ok(parse_u64("0", &number) >= 0 && number == 0, "zero");
	tap_is(parse_u64("", &number), -EINVAL, "nothing");
	tap_is(parse_u64("00", &number), -EINVAL, "two zeros");
	tap_is(parse_u64("-1", &number), -EINVAL, "a sign");
	tap_is(parse_u64(" 1", &number), -EINVAL, "a space");
	tap_is(parse_u64("1x", &number), -EINVAL, "a letter");
	tap_is(parse_u64_range("5", 6, 7, &number), -ERANGE, "out of range");
	tap_ok(hex_decode("00ffAb", bytes, 3) >= 0, "hexadecimal");
	tap_is_string(hex_encode(bytes, 3, text), "00ffab", "and back");
	tap_is(hex_decode("00ffa", bytes, 3), -EINVAL, "too short");
	tap_is(hex_decode("00ffag", bytes, 3), -EINVAL, "not a digit");
}

static void test_files(const char *folder, int folder_fd)
{
	_cleanup_free_ char *text = NULL, *again = NULL;
	char path[128];
	size_t size;
	struct stat status;

	tap_ok(file_write_atomic(&io_default, folder_fd, "file", "hello", 5, 0600) >= 0, "write");
	tap_ok(file_read(folder_fd, "file", 5, &text, &size) >= 0 && size == 5 &&
		       strcmp(text, "hello") == 0,
	       "read");
	tap_is(file_read(folder_fd, "file", 4, &again, &size), -EFBIG, "larger than the limit");
	tap_is(file_read(folder_fd, "none", 4, &again, &size), -ENOENT, "not there");
	tap_is(file_read(folder_fd, ".", 4, &again, &size), -EINVAL, "a folder");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	tap_ok(mkfifo(path, 0600) == 0 && file_read(folder_fd, "fifo", 4, &again, &size) == -EINVAL,
	       "a FIFO, without waiting for a writer");
	tap_ok(fstatat(folder_fd, "file", &status, 0) == 0 && (status.st_mode & 07777) == 0600,
	       "the mode");
	tap_ok(faccessat(folder_fd, ".file.new", F_OK, 0) < 0, "no temporary file is left");
	tap_ok(file_remove(&io_default, folder_fd, "file") >= 0 &&
		       file_remove(&io_default, folder_fd, "file") >= 0,
	       "remove, also what is not there");
	tap_ok(file_write_atomic(&io_default, folder_fd, "a/b", "", 0, 0600) < 0,
	       "a name is no path");
}

static void test_hashes(int folder_fd)
{
	uint8_t digest[HASH_BYTES_MAX], other[HASH_BYTES_MAX];
	char text[2 * HASH_BYTES_MAX + 1];
	_cleanup_close_ int fd = -EBADF;

	tap_ok(hash_bytes(HASH_SHA256, "abc", 3, digest) >= 0, "sha256");
	tap_is_string(hex_encode(digest, 32, text),
		      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		      "of abc (FIPS 180-2)");
	tap_ok(hash_bytes(HASH_SHA512, "abc", 3, digest) >= 0, "sha512");
	text[0] = 0;
	tap_is_string(hex_encode(digest, 8, text), "ddaf35a193617aba", "of abc begins so");
	tap_ok(file_write_atomic(&io_default, folder_fd, "abc", "abc", 3, 0600) >= 0, "a file");
	fd = openat(folder_fd, "abc", O_RDONLY | O_CLOEXEC);
	tap_ok(hash_file(HASH_SHA512, fd, 3, other) >= 0 && memcmp(digest, other, 64) == 0,
	       "its sha512");
	tap_is(hash_file(HASH_SHA512, fd, 4, other), -ENODATA, "a file that is shorter");
}

static void test_json(void)
{
	static const struct {
		const char *text;
		bool is_good;
	} cases[] = {
		{ "{\"a\":[1,true,null,\"x\"]}", true },
		{ "9007199254740992", true },
		{ "9007199254740993", false },
		{ "9223372036854775808", false },
		{ "-1", false },
		{ "1.0", false },
		{ "1e3", false },
		{ "01", false },
		{ "'a'", false },
		{ "NaN", false },
		{ "\"a\nb\"", false },
		{ "\"\\u0000\"", false },
		{ "\"\xff\"", false },
		{ "\"\xed\xa0\x80\"", false },
		{ "{\"a\":1,\"a\":1}", false },
		{ "{\"a\":1,\"\\u0061\":1}", false },
		{ "[1] 2", false },
		{ "[1,]", false },
		{ "", false },
	};
	char deep[129] = "";

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *value = NULL;
		struct failure failure = { 0 };
		int r = json_load_strict(cases[i].text, strlen(cases[i].text), "test", &value,
					 &failure);

		tap_ok((r >= 0) == cases[i].is_good &&
			       (r >= 0 || failure.reason == REASON_MALFORMED),
		       "JSON %zu: %s", i, r < 0 ? failure_message(&failure) : "accepted");
		failure_clear(&failure);
	}
	for (int depth = 32; depth <= 33; depth++) {
		_cleanup_json_ json_t *value = NULL;

		memset(deep, '[', (size_t)depth);
		memset(deep + depth, ']', (size_t)depth);
		tap_is(json_load_strict(deep, 2 * (size_t)depth, "test", &value, NULL) >= 0,
		       depth == 32, "nested 32 deep, and 33");
	}
}

static void test_canonical(void)
{
	static const char *const cases[][2] = {
		{ "{ \"b\" : 1, \"a\" : [ true , false , null ] }",
		  "{\"a\":[true,false,null],\"b\":1}" },
		{ "\"a\\\"b\\\\c\\n\\t\\u0001\\u00e9\\/\"", "\"a\\\"b\\\\c\n\t\x01\xc3\xa9/\"" },
		{ "{\"\\ud83d\\ude00\":1,\"\\uffff\":2,\"z\":3}",
		  "{\"z\":3,\"\xef\xbf\xbf\":2,\"\xf0\x9f\x98\x80\":1}" },
		{ "{}", "{}" },
		{ "[[],{}]", "[[],{}]" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *value = json_loads(cases[i][0], JSON_DECODE_ANY, NULL);
		_cleanup_free_ char *text = NULL;
		size_t size;

		tap_ok(value && json_canonical(value, &text, &size) >= 0 && strlen(text) == size,
		       "canonical");
		tap_is_string(text, cases[i][1], "as expected");
	}
}

int main(void)
{
	char folder[] = "/tmp/fwslot-test-XXXXXX", command[64];
	int folder_fd;

	if (!mkdtemp(folder))
		tap_bail("no folder");
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_reasons();
	test_failure();
	test_time();
	test_numbers();
	test_files(folder, folder_fd);
	test_hashes(folder_fd);
	test_json();
	test_canonical();
	close(folder_fd);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	tap_is(system(command), 0, "cleaned up");
	return tap_done();
}
