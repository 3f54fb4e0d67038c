/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of dfu-device: one table of options, and the model they make.
 */
#ifndef DFU_DEVICE_OPTIONS_H
#define DFU_DEVICE_OPTIONS_H

#include "model.h"

struct options {
	struct model_config config;
	struct model model; /* points to @config */
	const char *control; /* FIFO for commands, or NULL */
	const char *image_paths[MODEL_ALTERNATES_MAX]; /* loaded at the start, saved at the end */
	int port;
};

/* Explains what is wrong on stderr and returns false. @ret_options must stay where it is. */
bool options_parse(int argc, char **argv, struct options *ret_options);

/* Writes plain slots back to the files they came from. */
void options_save(const struct options *options);

void options_free(struct options *options);

#endif
