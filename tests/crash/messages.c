/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See messages.h. */
#include "messages.h"

bool message_is_faulty(struct messages *messages, enum message_kind kind)
{
	if (++messages->count != messages->at)
		return false;
	if ((kind == MESSAGE_DATA) != (messages->fault == MESSAGE_CORRUPTED))
		return false;
	messages->is_hit = true;
	return true;
}

const char *message_fault_word(enum message_fault fault)
{
	static const char *const words[MESSAGE_FAULT_MAX] = {
		[MESSAGE_DROPPED] = "dropped",
		[MESSAGE_DOUBLED] = "doubled",
		[MESSAGE_DELAYED] = "delayed",
		[MESSAGE_CORRUPTED] = "corrupted",
	};

	return words[fault];
}
