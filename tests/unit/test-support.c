/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of a vendor's support: the word for how near it is, and what people are told. */
#include <stdlib.h>

#include "base/time.h"
#include "ctl/support.h"
#include "engine/updates.h"
#include "tap.h"

int main(void)
{
	static const struct {
		const char *now, *word, *sentence;
	} cases[] = {
		{ "2026-01-01T00:00:00Z", "supported", "The vendor supports it until 2026-12-31." },
		{ "2026-10-02T23:59:59Z", "supported", "The vendor supports it until 2026-12-31." },
		{ "2026-10-03T00:00:00Z", "ending",
		  "The vendor's support ends on 2026-12-31, in 90 days: afterwards no updates are to be "
		  "expected, not even for security." },
		{ "2026-12-31T23:59:59Z", "ending",
		  "The vendor's support ends on 2026-12-31, in 0 days: afterwards no updates are to be "
		  "expected, not even for security." },
		{ "2027-01-01T00:00:00Z", "ended",
		  "The vendor's support ended on 2026-12-31: no more updates are to be expected, not even "
		  "for security." },
	};
	usec_t ends = 0;

	if (time_parse("2027-01-01T00:00:00Z", &ends) < 0)
		tap_bail("no time");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		usec_t now = 0;
		char *sentence;

		if (time_parse(cases[i].now, &now) < 0)
			tap_bail("no time");
		tap_is_string(support_word(ends, now), cases[i].word, cases[i].now);
		sentence = support_sentence(ends, cases[i].word, now);
		tap_is_string(sentence, cases[i].sentence, "and it is told");
		free(sentence);
	}
	tap_is_string(support_word(0, ends), "unknown", "what no vendor said is not known");
	tap_ok(!support_sentence(0, "unknown", ends), "and not told");
	tap_ok(!support_sentence(ends, "a word of a later version", ends),
	       "nor what this program does not know");
	tap_ok(!support_sentence(ends, "ending", ends + 1), "nor what cannot be");
	return tap_done();
}
