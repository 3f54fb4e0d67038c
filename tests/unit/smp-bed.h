/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bed of test-smp-agent: smp-device on a pty, fwslot-smp in a process, and between them and the
 * test the kernel's end of /dev/fwslot, played on a socket pair. Makes no checks: it returns what
 * happened, and ends the test when it cannot work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/time.h"
#include "smp/provider.h"

#define SMP_BED_SLOTS 2

extern struct smp_bed {
	char folder[64];
	char image_path[4][128];
	pid_t device, program;
	int device_stdin, kernel;
	/* What the program said. */
	bool has_device;
	struct fwslot_user_create create;
	struct fwslot_user_slot slots[SMP_BED_SLOTS];
	struct fwslot_user_boot boot;
	struct fwslot_user_content contents[SMP_BED_SLOTS];
	unsigned boots, states, workings;
	struct fwslot_user_booted last_boot;
	struct fwslot_user_header last_message;
	uint32_t last_id;
} bed;

/* A program of build/tools. The next two calls leave its path alone. */
const char *smp_bed_tool(const char *name);
/* Makes image @index: 0 is what the device begins with. */
void make_image(unsigned index, const char *version, const char *behaviour, const char *size);
uint8_t *read_file(const char *path, size_t *ret_size);

void start_device(const char *const *options);
void stop_device(void);
void tell_device(const char *command);
void start_program(const char *const *options);
void stop_program(void);

/* Takes one message of the program into the bed; false: none came in time. */
bool hear(usec_t deadline);
usec_t in_seconds(unsigned seconds);
/* True: the program created a device. */
bool wait_for_device(void);
void wait_for_boots(unsigned boots, unsigned seconds);
/* Hears everything that is said within a time. */
void listen_for(unsigned seconds);

void send_request(uint16_t type, const struct fwslot_user_request *request, const void *data);
/* The result of a request, or 1: no answer in time. */
int ask_within(uint16_t type, const struct fwslot_user_request *request, const void *data,
	       unsigned seconds);
int ask(uint16_t type, struct fwslot_user_request request);
int send_pieces(uint16_t type, unsigned slot, const uint8_t *bytes, size_t size);
/* As the kernel does it: look at the whole image, then write it piece by piece. */
int write_bytes(unsigned slot, const uint8_t *bytes, size_t size);
int write_image(unsigned slot, unsigned image);
int activate(unsigned slot, bool is_permanent);
