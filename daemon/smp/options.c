/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smp/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-device.h>

#include "base/log.h"
#include "base/parse.h"
#include "smp/port.h"
#include "smp/provider.h"

#define HARDWARE_ID_PARTS_MIN 2
#define HARDWARE_ID_PARTS_MAX 4
#define HARDWARE_ID_PART_MAX 64

static const char help[] =
	"Usage: fwslot-smp [OPTIONS] PORT\n"
	"Makes a device with MCUboot, which speaks SMP on the serial port PORT, a device of\n"
	"fwslot.\n"
	"\n"
	"  --hardware-id=ID       vendor/model[/rev[/sku]]; else FWSLOT_HARDWARE_ID of udev,\n"
	"                         else what the device says of itself\n"
	"  --serial=TEXT          serial number; else that of the adapter, else the name of\n"
	"                         the port\n"
	"  --name=TEXT            name for people\n"
	"  --baud=N               speed of the line, 115200\n"
	"  --framing=WORD         console (lines of base64, the default) or raw\n"
	"  --image=N              which of the device's images, 0\n"
	"  --return-timeout=SEC   how long a restart may take, 120\n"
	"  --settle=SEC           how long a starting device is not spoken to, 3\n"
	"  --state-directory=DIR  where to remember what the device forgets; else\n"
	"                         $STATE_DIRECTORY, else nowhere\n"
	"  --provider=PATH        instead of " PROVIDER_PATH "\n"
	"  --verbose              log more\n"
	"  --help, --version\n";

bool smp_hardware_id_is_valid(const char *text)
{
	size_t parts = 1, length = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '/') {
			if (length == 0)
				return false;
			parts++;
			length = 0;
		} else if (!isalnum((unsigned char)*c) && !strchr("-_.+", *c)) {
			return false;
		} else if (++length > HARDWARE_ID_PART_MAX) {
			return false;
		}
	}
	return length > 0 && parts >= HARDWARE_ID_PARTS_MIN && parts <= HARDWARE_ID_PARTS_MAX;
}

static int set_text(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

/* ---- one function for each thing that can be set, by option or by udev ---- */

static int set_hardware_id(struct smp_options *options, const char *text)
{
	return smp_hardware_id_is_valid(text) ? set_text(&options->hardware_id, text) : -EINVAL;
}

static int set_serial(struct smp_options *options, const char *text)
{
	return text[0] ? set_text(&options->serial, text) : -EINVAL;
}

static int set_name(struct smp_options *options, const char *text)
{
	return text[0] ? set_text(&options->name, text) : -EINVAL;
}

static int set_baud(struct smp_options *options, const char *text)
{
	uint64_t baud;

	if (parse_u64(text, &baud) < 0 || baud > UINT32_MAX || !port_baud_is_known((unsigned)baud))
		return -EINVAL;
	options->baud = (unsigned)baud;
	return 0;
}

static int set_framing(struct smp_options *options, const char *text)
{
	if (strcmp(text, "console") == 0)
		options->framing = SMP_FRAMING_CONSOLE;
	else if (strcmp(text, "raw") == 0)
		options->framing = SMP_FRAMING_RAW;
	else
		return -EINVAL;
	return 0;
}

static int set_image(struct smp_options *options, const char *text)
{
	uint64_t image;

	if (parse_u64_range(text, 0, SMP_IMAGE_NUMBER_MAX, &image) < 0)
		return -EINVAL;
	options->image = (unsigned)image;
	return 0;
}

static int set_return_timeout(struct smp_options *options, const char *text)
{
	uint64_t seconds;

	if (parse_u64_range(text, 1, SMP_RETURN_TIMEOUT_MAX_SECONDS, &seconds) < 0)
		return -EINVAL;
	options->return_timeout_usec = seconds * USEC_PER_SEC;
	return 0;
}

static int set_settle(struct smp_options *options, const char *text)
{
	uint64_t seconds;

	if (parse_u64_range(text, 0, SMP_SETTLE_TIME_MAX_SECONDS, &seconds) < 0)
		return -EINVAL;
	options->settle_usec = seconds * USEC_PER_SEC;
	return 0;
}

static int set_state_directory(struct smp_options *options, const char *text)
{
	options->state_directory = text;
	return text[0] ? 0 : -EINVAL;
}

static int set_provider(struct smp_options *options, const char *text)
{
	options->provider = text;
	return text[0] ? 0 : -EINVAL;
}

static const struct setting {
	const char *option;
	const char *property; /* of udev, if it can come from there */
	const char *expected; /* in words */
	int (*set)(struct smp_options *options, const char *text);
} settings[] = {
	{ "hardware-id", "FWSLOT_HARDWARE_ID",
	  "vendor/model[/rev[/sku]] of letters, digits and -_.+", set_hardware_id },
	{ "serial", "ID_SERIAL_SHORT", "a text", set_serial },
	{ "name", "FWSLOT_NAME", "a text", set_name },
	{ "baud", "FWSLOT_SMP_BAUD", "a speed that serial ports have, such as 115200", set_baud },
	{ "framing", "FWSLOT_SMP_FRAMING", "console or raw", set_framing },
	{ "image", "FWSLOT_SMP_IMAGE", "a number from 0 to 3", set_image },
	{ "return-timeout", NULL, "seconds, 1 to 3600", set_return_timeout },
	{ "settle", "FWSLOT_SMP_SETTLE", "seconds, 0 to 60", set_settle },
	{ "state-directory", NULL, "a folder", set_state_directory },
	{ "provider", NULL, "a path", set_provider },
};

enum { OPTION_HELP = 256, OPTION_VERSION, OPTION_VERBOSE };

static void make_getopt_table(struct option *table)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		table[i] = (struct option){ settings[i].option, required_argument, NULL, (int)i };
	table[i++] = (struct option){ "help", no_argument, NULL, OPTION_HELP };
	table[i++] = (struct option){ "version", no_argument, NULL, OPTION_VERSION };
	table[i++] = (struct option){ "verbose", no_argument, NULL, OPTION_VERBOSE };
	table[i] = (struct option){ 0 };
}

static int take_setting(struct smp_options *options, size_t index, const char *text)
{
	int r = settings[index].set(options, text);

	if (r == -EINVAL)
		log_error("--%s=%s: expected %s.", settings[index].option, text,
			  settings[index].expected);
	options->given |= 1U << index;
	return r;
}

int smp_options_parse(int argc, char *argv[], struct smp_options *ret)
{
	struct option table[ARRAY_SIZE(settings) + 4];
	int option, r;

	*ret = (struct smp_options){
		.provider = PROVIDER_PATH,
		.baud = PORT_BAUD_DEFAULT,
		.framing = SMP_FRAMING_CONSOLE,
		.return_timeout_usec = SMP_RETURN_TIMEOUT_DEFAULT,
		.settle_usec = SMP_SETTLE_TIME_DEFAULT,
		.state_directory = getenv("STATE_DIRECTORY"),
	};
	make_getopt_table(table);
	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		switch (option) {
		case OPTION_HELP:
			fputs(help, stdout);
			return 1;
		case OPTION_VERSION:
			puts("fwslot-smp " FWSLOT_VERSION);
			return 1;
		case OPTION_VERBOSE:
			log_set_level(LOG_DEBUG);
			break;
		case '?':
			return -EINVAL; /* getopt_long() said why */
		default:
			r = take_setting(ret, (size_t)option, optarg);
			if (r < 0)
				return r;
		}
	}
	if (optind != argc - 1) {
		log_error("Expected exactly one serial port, such as /dev/ttyACM0; see --help.");
		return -EINVAL;
	}
	ret->port = argv[optind];
	return 0;
}

static void unref_device(sd_device **device)
{
	sd_device_unref(*device);
}

void smp_options_ask_udev(struct smp_options *options)
{
	_cleanup_(unref_device) sd_device *device = NULL;

	if (sd_device_new_from_devname(&device, options->port) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *text;

		if ((options->given & 1U << i) || !settings[i].property ||
		    sd_device_get_property_value(device, settings[i].property, &text) < 0)
			continue;
		if (settings[i].set(options, text) < 0)
			log_warning("udev property %s=%s of %s is ignored: expected %s.",
				    settings[i].property, text, options->port,
				    settings[i].expected);
	}
}

void smp_options_done(struct smp_options *options)
{
	free(options->hardware_id);
	free(options->serial);
	free(options->name);
}
