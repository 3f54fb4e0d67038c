// SPDX-License-Identifier: LGPL-2.1-or-later
/* Replies with an array, and replies that come late; what they are about is the caller's business. */
#include "bus/reply.h"

#include "bus/error.h"

int bus_reply_rows(sd_bus_message *call, const char *row_type,
		   int (*append_rows)(sd_bus_message *reply, void *userdata), void *userdata)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call, &reply);

	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', row_type);
	if (r >= 0)
		r = append_rows(reply, userdata);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

void bus_reply_outcome(const struct failure *failure, void *userdata)
{
	sd_bus_message *call = userdata;

	if (failure->reason == REASON_OK) {
		(void)sd_bus_reply_method_return(call, NULL);
	} else {
		_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

		(void)bus_error_from_failure(&error, failure);
		(void)sd_bus_reply_method_error(call, &error);
	}
	sd_bus_message_unref(call);
}
