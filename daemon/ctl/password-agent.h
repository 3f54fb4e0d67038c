/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pkttyagent(1), which asks for a password on the terminal when polkit wants one. */
#pragma once

#include <sys/types.h>

#define PASSWORD_AGENT "/usr/bin/pkttyagent"

/*
 * Starts it for this process, if there is a terminal and nobody else would ask (a desktop's agent goes
 * first). Returns its process, or 0: none is needed or to be had; then polkit says no, and why.
 */
pid_t password_agent_start(void);
void password_agent_stop(pid_t agent);
