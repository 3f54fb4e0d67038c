/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desktop's notification server (org.freedesktop.Notifications), whichever it is. */
#pragma once

#include "agent/card.h"

struct server;

struct server_events {
	/* A button was pressed on the notification @id. */
	void (*answered)(uint32_t id, enum card_answer answer, void *userdata);
	/* It is gone, by a person or by itself. */
	void (*closed)(uint32_t id, void *userdata);
	/* Another server runs now, or none: what was shown is gone. */
	void (*restarted)(bool is_there, void *userdata);
};

/* @bus: the session's. The server need not be there yet. 0 or a negative errno. */
_warn_unused_ int server_new(sd_bus *bus, const struct server_events *events, void *userdata,
			     struct server **ret);
void server_free(struct server *server);

/* Does it show buttons? Asked anew each time: some change their mind ("do not disturb"). */
bool server_has_buttons(struct server *server);

/* Shows @card in the place of *@id (0: anew); *@id becomes its number. Negative: nobody shows it. */
_warn_unused_ int server_show(struct server *server, const struct card *card, uint32_t *id);
void server_close(struct server *server, uint32_t id);
