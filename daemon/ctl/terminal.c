/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Widths, colours and units. Text from devices may hold anything: no control character gets through. */
#include "ctl/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>

#include "base/macros.h"
#include "base/time.h"

size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		return 0;
	return size.ws_col;
}

bool terminal_has_colour(void)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && no_colour[0]) && term &&
	       strcmp(term, "dumb") != 0;
}

/* The next letter of @text, "?" for what is none; advances. */
static wchar_t next_letter(const char **text, mbstate_t *state)
{
	wchar_t letter;
	size_t length = mbrtowc(&letter, *text, strlen(*text), state);

	if (length == (size_t)-1 || length == (size_t)-2) {
		memset(state, 0, sizeof(*state));
		(*text)++;
		return L'?';
	}
	*text += length;
	return iswprint((wint_t)letter) ? letter : L'?';
}

static size_t letter_width(wchar_t letter)
{
	int width = wcwidth(letter);

	return width < 0 ? 1 : (size_t)width;
}

size_t terminal_text_width(const char *text)
{
	mbstate_t state = { 0 };
	size_t width = 0;

	while (*text)
		width += letter_width(next_letter(&text, &state));
	return width;
}

static void fill(size_t count)
{
	while (count-- > 0)
		putchar(' ');
}

void terminal_put(const char *text, size_t width, bool is_right)
{
	size_t needed = terminal_text_width(text), put = 0;
	mbstate_t state = { 0 };

	if (is_right && needed < width)
		fill(width - needed);
	while (*text) {
		wchar_t letter = next_letter(&text, &state);

		/* What follows must fit, or the ellipsis in its place. */
		if (needed > width && put + letter_width(letter) + 1 > width) {
			printf("%lc", (wint_t)L'\u2026');
			put++;
			break;
		}
		printf("%lc", (wint_t)letter);
		put += letter_width(letter);
	}
	if (!is_right && put < width)
		fill(width - put);
}

static const char *colour_of(const char *word)
{
	static const struct {
		const char *word, *colour;
	} colours[] = {
		{ "up-to-date", "\033[32m" }, { "done", "\033[32m" },
		{ "confirmed", "\033[32m" },  { "good", "\033[32m" },
		{ "on-trial", "\033[33m" },   { "trial", "\033[33m" },
		{ "pending", "\033[33m" },    { "installing", "\033[33m" },
		{ "failed", "\033[31m" },     { "reverted", "\033[31m" },
		{ "damaged", "\033[31m" },    { "invalid", "\033[31m" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(colours); i++)
		if (strcmp(colours[i].word, word) == 0)
			return colours[i].colour;
	return NULL;
}

void terminal_put_state(const char *word, size_t width)
{
	const char *colour = terminal_has_colour() ? colour_of(word) : NULL;

	if (colour)
		fputs(colour, stdout);
	terminal_put(word, width, false);
	if (colour)
		fputs("\033[0m", stdout);
}

static char *text_of_date(uint64_t usec)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm parts;
	char text[64];

	if (!localtime_r(&seconds, &parts) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts))
		return NULL;
	return strdup(text);
}

char *terminal_time(uint64_t usec, uint64_t now_usec)
{
	uint64_t ago = now_usec > usec ? now_usec - usec : 0;
	char *text = NULL;
	int r;

	if (usec > now_usec || ago >= USEC_PER_DAY)
		return text_of_date(usec);
	if (ago < USEC_PER_MINUTE)
		r = asprintf(&text, "%u s ago", (unsigned)(ago / USEC_PER_SEC));
	else if (ago < USEC_PER_HOUR)
		r = asprintf(&text, "%u min ago", (unsigned)(ago / USEC_PER_MINUTE));
	else
		r = asprintf(&text, "%u h ago", (unsigned)(ago / USEC_PER_HOUR));
	return r < 0 ? NULL : text;
}

char *terminal_bytes(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	char *text = NULL;
	size_t unit = 0;
	int r;

	while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	r = unit == 0 ? asprintf(&text, "%u B", (unsigned)bytes) :
			asprintf(&text, "%.1f %s", value, units[unit]);
	return r < 0 ? NULL : text;
}
