/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two properties of devices, in words. */
#include "ctl/support.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "ctl/client.h"

void support_append(struct ctl *ctl, const char *path, json_t *row)
{
	_cleanup_free_ char *state = NULL;
	uint64_t ends_usec = 0;

	if (sd_bus_get_property_trivial(ctl->bus, CLIENT_SERVICE, path, "org.fwslot1.Device",
					"SupportEndsUSec", NULL, 't', &ends_usec) < 0)
		ends_usec = 0;
	if (sd_bus_get_property_string(ctl->bus, CLIENT_SERVICE, path, "org.fwslot1.Device",
				       "SupportState", NULL, &state) < 0)
		state = NULL;
	(void)json_array_append_new(row, json_integer((json_int_t)ends_usec));
	(void)json_array_append_new(row, json_string(state ?: "unknown"));
}

char *support_sentence(uint64_t ends_usec, const char *state, uint64_t now_usec)
{
	char day[TIME_TEXT_SIZE], *sentence = NULL;
	int r = -1;

	if (ends_usec < USEC_PER_DAY || !state)
		return NULL;
	/* The last day, as the vendor named it: it ends with the moment that is told. */
	time_format(ends_usec - USEC_PER_DAY, day);
	day[strlen("YYYY-MM-DD")] = '\0';
	if (strcmp(state, "ended") == 0)
		r = asprintf(
			&sentence,
			"The vendor's support ended on %s: no more updates are to be expected, not even "
			"for security.",
			day);
	else if (strcmp(state, "ending") == 0 && ends_usec > now_usec)
		r = asprintf(
			&sentence,
			"The vendor's support ends on %s, in %" PRIu64
			" days: afterwards no updates are to be expected, not even for security.",
			day, (ends_usec - now_usec) / USEC_PER_DAY);
	else if (strcmp(state, "supported") == 0)
		r = asprintf(&sentence, "The vendor supports it until %s.", day);
	return r < 0 ? NULL : sentence;
}
