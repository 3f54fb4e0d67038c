/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When updates begin by themselves: asks policy_plan() about each device whenever the answer may have changed, keeps
 * the answer for the bus, begins what is to begin, and sets one timer for all. Nothing wakes up while there is nothing
 * to wait for.
 */
#pragma once

#include "engine/private.h"

/* At the start: policies that were set over the bus. */
int schedule_load(struct manager *manager);
void schedule_stop(struct manager *manager);

/* Looks at all devices anew. Called from anywhere, also from inside itself. */
void schedule_review(struct manager *manager);
/* A job is about to write: the same with the machine's state as it is now, whatever was told before. */
void schedule_ask_gate(struct manager *manager);
/* The timer rings. */
void schedule_wake(struct manager *manager);

const struct policy_rules *schedule_rules(struct manager *manager, const struct device *device);
/* When the window that is open for the device ends; now, if none is. */
uint64_t schedule_window_end(struct manager *manager, const char *device_id);
/* Puts a policy into the list; "" takes it out. -ENOMEM */
int schedule_set_policy(struct manager *manager, const char *device_id, const char *policy);
/* What would be installed: what somebody approved, else what is offered by itself; NULL: nothing. */
const struct update *schedule_considers(struct manager *manager, const struct device *device);
