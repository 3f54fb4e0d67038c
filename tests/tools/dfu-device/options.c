// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The command line of dfu-device.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static const char help[] =
	"usage: dfu-device [OPTION...]\n"
	"  --port N              port of vhci_hcd's first controller (0)\n"
	"  --control FIFO        commands: fault KIND@WHEN[:ARG], clear, unplug, plug, replug MS,\n"
	"                        status, quit\n"
	"  --id VVVV:PPPP        what it shows (1209:0001)\n"
	"  --dfu-product PPPP    idProduct in DFU mode, if another\n"
	"  --device-version HHHH bcdDevice of DFU mode and of firmware without a header (0100)\n"
	"  --serial TEXT\n"
	"  --runtime             firmware shows a runtime interface\n"
	"  --slot NAME[=FILE]    an alternate setting; FILE is loaded at the start, saved at the end\n"
	"  --capacity BYTES      of each slot (2097152)\n"
	"  --dfuse LAYOUT        an alternate setting with DfuSe memory\n"
	"  --attributes HH       bmAttributes (07)\n"
	"  --transfer-size N     wTransferSize (1024)\n"
	"  --dfu-version HHHH    bcdDFUVersion (0110, 011a with --dfuse)\n"
	"  --descriptor 9|7|0    length of the functional descriptor (9)\n"
	"  --detach-timeout MS   wDetachTimeOut (1000)\n"
	"  --busy MS             how long a block takes (0)\n"
	"  --erase MS            how long erasing a sector takes (0)\n"
	"  --idle-poll MS        poll timeout where none is needed (0)\n"
	"  --manifest MS         how long manifestation takes (0)\n"
	"  --manifestation tolerant|wait-reset|deaf|self-reset\n"
	"  --strict              asking for the status too early is an error\n"
	"  --needs-header        only images of \"dfu-device image\" pass\n"
	"  --away MS             how long it is off the bus when it restarts by itself (100)\n"
	"  --crash MS            boot-looping firmware runs so long (500)\n"
	"  --fault KIND@WHEN[:ARG]\n"
	"faults: stall error vanish hang short busy poll state flip delay\n"
	"when:   tN any DFU request, dN block down, uN block up, sN status, mN end of download\n";

enum option_code {
	PORT = 1,
	CONTROL,
	ID,
	DFU_PRODUCT,
	DEVICE_VERSION,
	SERIAL,
	RUNTIME,
	SLOT,
	CAPACITY,
	DFUSE,
	ATTRIBUTES,
	TRANSFER_SIZE,
	DFU_VERSION,
	DESCRIPTOR,
	DETACH_TIMEOUT,
	BUSY,
	ERASE,
	IDLE_POLL,
	MANIFEST,
	MANIFESTATION,
	STRICT,
	NEEDS_HEADER,
	AWAY,
	CRASH,
	FAULT,
	HELP,
};

static const struct option known[] = {
	{ "port", required_argument, NULL, PORT },
	{ "control", required_argument, NULL, CONTROL },
	{ "id", required_argument, NULL, ID },
	{ "dfu-product", required_argument, NULL, DFU_PRODUCT },
	{ "device-version", required_argument, NULL, DEVICE_VERSION },
	{ "serial", required_argument, NULL, SERIAL },
	{ "runtime", no_argument, NULL, RUNTIME },
	{ "slot", required_argument, NULL, SLOT },
	{ "capacity", required_argument, NULL, CAPACITY },
	{ "dfuse", required_argument, NULL, DFUSE },
	{ "attributes", required_argument, NULL, ATTRIBUTES },
	{ "transfer-size", required_argument, NULL, TRANSFER_SIZE },
	{ "dfu-version", required_argument, NULL, DFU_VERSION },
	{ "descriptor", required_argument, NULL, DESCRIPTOR },
	{ "detach-timeout", required_argument, NULL, DETACH_TIMEOUT },
	{ "busy", required_argument, NULL, BUSY },
	{ "erase", required_argument, NULL, ERASE },
	{ "idle-poll", required_argument, NULL, IDLE_POLL },
	{ "manifest", required_argument, NULL, MANIFEST },
	{ "manifestation", required_argument, NULL, MANIFESTATION },
	{ "strict", no_argument, NULL, STRICT },
	{ "needs-header", no_argument, NULL, NEEDS_HEADER },
	{ "away", required_argument, NULL, AWAY },
	{ "crash", required_argument, NULL, CRASH },
	{ "fault", required_argument, NULL, FAULT },
	{ "help", no_argument, NULL, HELP },
	{ 0 },
};

static bool load(struct memory *memory, const char *path)
{
	FILE *file = fopen(path, "r");

	/* A file that is not there yet is an empty slot. */
	if (!file)
		return true;
	memory->image_bytes = fread(memory->image, 1, memory->capacity, file);
	memory->written = memory->image_bytes ? 1 : 0;
	return fclose(file) == 0;
}

static bool add_slot(struct options *options, char *text, size_t capacity)
{
	struct model *model = &options->model;
	char *path = strchr(text, '=');
	struct memory *memory = &model->alternates[model->num_alternates];

	if (model->num_alternates == MODEL_ALTERNATES_MAX)
		return false;
	if (path)
		*path++ = 0;
	options->image_paths[model->num_alternates++] = path;
	model->writes = 1;
	return memory_init_plain(memory, text, capacity) && (!path || load(memory, path));
}

static bool add_dfuse(struct options *options, const char *layout)
{
	struct model *model = &options->model;

	if (model->num_alternates == MODEL_ALTERNATES_MAX)
		return false;
	options->config.dfu_version = 0x011a;
	return memory_init_dfuse(&model->alternates[model->num_alternates++], layout);
}

static bool set_manifestation(struct model_config *config, const char *word)
{
	static const char *const words[] = { "tolerant", "wait-reset", "self-reset" };
	int i = 0;

	config->is_deaf = !strcmp(word, "deaf");
	if (config->is_deaf)
		word = "wait-reset";
	while (i < 3 && strcmp(words[i], word))
		i++;
	config->manifestation = i;
	config->attributes &= ~ATTRIBUTE_TOLERANT;
	config->attributes |= i == MANIFEST_TOLERANT ? ATTRIBUTE_TOLERANT : 0;
	return i < 3;
}

static bool set_descriptor(struct model_config *config, unsigned long bytes)
{
	config->has_short_descriptor = bytes == 7;
	config->has_no_descriptor = bytes == 0;
	return bytes == 9 || bytes == 7 || bytes == 0;
}

static bool set_id(struct model_config *config, const char *text)
{
	unsigned int vendor, product;

	if (sscanf(text, "%4x:%4x", &vendor, &product) != 2)
		return false;
	config->vendor = vendor;
	config->product = product;
	return true;
}

static bool set_option(struct options *options, int code, char *value, size_t *capacity)
{
	struct model_config *config = &options->config;
	unsigned long number = value ? strtoul(value, NULL, 0) : 0;
	unsigned long hex = value ? strtoul(value, NULL, 16) : 0;

	switch ((enum option_code)code) {
	case PORT:
		options->port = number;
		return number < 8;
	case CONTROL:
		options->control = value;
		return true;
	case ID:
		return set_id(config, value);
	case DFU_PRODUCT:
		config->dfu_product = hex;
		return hex;
	case DEVICE_VERSION:
		config->device_version = hex;
		return true;
	case SERIAL:
		config->serial = value;
		return true;
	case RUNTIME:
		config->has_runtime = true;
		return true;
	case SLOT:
		return add_slot(options, value, *capacity);
	case CAPACITY:
		*capacity = number;
		return number && number <= 64 << 20;
	case DFUSE:
		return add_dfuse(options, value);
	case ATTRIBUTES:
		config->attributes = hex;
		return true;
	case TRANSFER_SIZE:
		config->transfer_bytes = number;
		return number <= 0xffff;
	case DFU_VERSION:
		config->dfu_version = hex;
		return true;
	case DESCRIPTOR:
		return set_descriptor(config, number);
	case DETACH_TIMEOUT:
		config->detach_timeout_ms = number;
		return true;
	case BUSY:
		config->busy_ms = number;
		return true;
	case ERASE:
		config->erase_ms = number;
		return true;
	case IDLE_POLL:
		config->idle_poll_ms = number;
		return true;
	case MANIFEST:
		config->manifest_ms = number;
		return true;
	case MANIFESTATION:
		return set_manifestation(config, value);
	case STRICT:
		config->is_strict = true;
		return true;
	case NEEDS_HEADER:
		config->needs_header = true;
		return true;
	case AWAY:
		config->away_ms = number;
		return true;
	case CRASH:
		config->crash_ms = number;
		return true;
	case FAULT:
		return fault_add(&options->model.faults, value);
	case HELP:
		fputs(help, stdout);
		exit(0);
	}
	return false;
}

bool options_parse(int argc, char **argv, struct options *ret_options)
{
	size_t capacity = 2 << 20;
	int code, place;

	*ret_options = (struct options){
		.config = {
			.vendor = 0x1209,
			.product = 0x0001,
			.device_version = 0x0100,
			.attributes = ATTRIBUTE_DOWNLOAD | ATTRIBUTE_UPLOAD | ATTRIBUTE_TOLERANT,
			.transfer_bytes = 1024,
			.dfu_version = 0x0110,
			.detach_timeout_ms = 1000,
			.away_ms = 100,
			.crash_ms = 500,
		},
	};
	ret_options->model.config = &ret_options->config;
	while ((code = getopt_long(argc, argv, "", known, &place)) != -1) {
		if (code == '?')
			return false;
		if (!set_option(ret_options, code, optarg, &capacity)) {
			fprintf(stderr, "dfu-device: bad value for --%s: %s\n", known[place].name,
				optarg ? optarg : "");
			return false;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "dfu-device: what is \"%s\"? Try --help.\n", argv[optind]);
		return false;
	}
	if (!ret_options->model.num_alternates) {
		static char name[] = "firmware";

		return add_slot(ret_options, name, capacity);
	}
	return true;
}

void options_save(const struct options *options)
{
	for (unsigned int i = 0; i < options->model.num_alternates; i++) {
		const struct memory *memory = &options->model.alternates[i];
		FILE *file;

		if (!options->image_paths[i] || memory->is_dfuse)
			continue;
		file = fopen(options->image_paths[i], "w");
		if (!file ||
		    fwrite(memory->image, 1, memory->image_bytes, file) != memory->image_bytes)
			fprintf(stderr, "dfu-device: cannot save %s\n", options->image_paths[i]);
		if (file)
			fclose(file);
	}
}

void options_free(struct options *options)
{
	for (unsigned int i = 0; i < options->model.num_alternates; i++)
		memory_free(&options->model.alternates[i]);
}
