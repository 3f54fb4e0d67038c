// SPDX-License-Identifier: LGPL-2.1-or-later
/* An array as a reply; what its rows are is the caller's business. */
#include "bus/reply.h"

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
