// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fwslotd: wires the event loop, the bus and the manager together and tells systemd how it goes.
 * No decision about devices, jobs or callers is made here.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "bus/bus.h"
#include "engine/manager.h"
#include "engine/policy.h"

struct daemon {
	sd_event *event;
	struct bus *bus;
	struct manager *manager;
	unsigned told_devices, told_jobs; /* by STATUS= */
};

static void print_help(void)
{
	printf("fwslotd - updates the firmware of attached peripherals, on request over D-Bus\n\n"
	       "Usage: fwslotd [OPTION]\n\n"
	       "  --help                 this text\n"
	       "  --version              the version\n"
	       "  --rules                the tables by which updates and jobs are decided, one row a line\n"
	       "  --bus-introspect=PATH  the interfaces of an object as XML: " BUS_ROOT_PATH ",\n"
	       "                         " BUS_ROOT_PATH "/device/ID, " BUS_ROOT_PATH
	       "/device/ID/slot/_0,\n"
	       "                         " BUS_ROOT_PATH "/job/_1\n\n"
	       "It is started by systemd (fwslotd.service) when a device appears or somebody calls\n" BUS_NAME
	       " on the system bus. Configuration: /etc/fwslot/fwslotd.conf\n");
}

static int print_rules(void)
{
	struct engine_rule_text row;
	struct policy_row_text text;

	printf("phase\trule\taction\tnext phase\twhen, and why\n");
	for (size_t i = 0; engine_rule_at(i, &row); i++)
		printf("%s\t%s\t%s\t%s\t%s\n", row.phase, row.name, row.action,
		       row.next_phase[0] ? row.next_phase : "-", row.sentence);
	for (size_t i = 0; policy_row_at(i, &text); i++)
		printf("offered\t%s\t%s\t-\t%s\n", text.name, text.verdict, text.sentence);
	for (size_t i = 0; policy_gate_at(i, &text); i++)
		printf("due\t%s\t%s\t-\t%s\n", text.name, text.verdict, text.sentence);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_introspection(const char *path)
{
	int r = bus_introspect(path, stdout);

	if (r == -ENOENT)
		fprintf(stderr, "fwslotd: no object is ever at %s; --help lists the kinds.\n",
			path);
	else if (r < 0)
		fprintf(stderr, "fwslotd: cannot introspect %s: %s\n", path, strerror(-r));
	return r < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Returns an exit status, or -1 to run as a daemon. */
static int read_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "rules", no_argument, NULL, 'r' },
		{ "bus-introspect", required_argument, NULL, 'i' },
		{},
	};

	switch (getopt_long(argc, argv, "", options, NULL)) {
	case 'h':
		print_help();
		return EXIT_SUCCESS;
	case 'v':
		printf("fwslotd %s\n", FWSLOT_VERSION);
		return EXIT_SUCCESS;
	case 'r':
		return print_rules();
	case 'i':
		return print_introspection(optarg);
	case -1:
		if (optind == argc)
			return -1;
		fprintf(stderr, "fwslotd: takes no arguments, got \"%s\"; try --help\n",
			argv[optind]);
		return EXIT_FAILURE;
	default:
		return EXIT_FAILURE;
	}
}

static int on_reload(_unused_ sd_event_source *source,
		     _unused_ const struct signalfd_siginfo *signal, void *userdata)
{
	struct daemon *daemon = userdata;

	sd_notify(false, "RELOADING=1");
	manager_reload(daemon->manager);
	sd_notify(false, "READY=1");
	return 0;
}

/* Runs after every event: keeps the status line that "systemctl status" shows. */
static int on_something_done(_unused_ sd_event_source *source, void *userdata)
{
	struct daemon *daemon = userdata;
	unsigned devices = 0, jobs = 0;

	for (const struct device *device = manager_next_device(daemon->manager, NULL); device;
	     device = manager_next_device(daemon->manager, device)) {
		devices++;
		jobs += device->job != NULL;
	}
	if (devices == daemon->told_devices && jobs == daemon->told_jobs)
		return 0;
	daemon->told_devices = devices;
	daemon->told_jobs = jobs;
	sd_notifyf(false, "STATUS=%u %s, %u %s.", devices, devices == 1 ? "device" : "devices",
		   jobs, jobs == 1 ? "job" : "jobs");
	return 0;
}

/* Behind the first enumeration of devices, which has a better priority. */
static int on_ready(_unused_ sd_event_source *source, _unused_ void *userdata)
{
	sd_notify(false, "READY=1");
	return 0;
}

static int prepare_loop(struct daemon *daemon)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD); /* the engine's workers */
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);

	r = sd_event_new(&daemon->event);
	if (r < 0)
		return r;
	r = sd_event_set_signal_exit(daemon->event, true);
	if (r < 0)
		return r;
	r = sd_event_set_watchdog(daemon->event, true);
	if (r < 0)
		return r;
	r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_reload, daemon);
	if (r < 0)
		return r;
	r = sd_event_add_post(daemon->event, NULL, on_something_done, daemon);
	if (r < 0)
		return r;
	return sd_event_add_defer(daemon->event, NULL, on_ready, daemon);
}

/* First the name, which makes us the only one; then the store and the devices. */
static int start(struct daemon *daemon)
{
	int r = bus_new(daemon->event, &daemon->bus);

	if (r == -EEXIST) {
		log_error("Another fwslotd owns " BUS_NAME " on this bus.");
		return r;
	}
	if (r < 0) {
		log_error("Cannot own " BUS_NAME " on the system bus: %s", strerror(-r));
		return r;
	}
	r = manager_new(daemon->event, &bus_manager_events, daemon->bus, &daemon->manager);
	if (r < 0) {
		log_error("Cannot set up: %s", strerror(-r));
		return r;
	}
	bus_set_manager(daemon->bus, daemon->manager);
	return manager_start(daemon->manager);
}

int main(int argc, char **argv)
{
	struct daemon daemon = {};
	int r = read_options(argc, argv);

	if (r >= 0)
		return r;
	if (getenv("JOURNAL_STREAM"))
		log_set_sink(log_to_journal);
	umask(0077);

	r = prepare_loop(&daemon);
	if (r < 0)
		log_error("Cannot set up the event loop: %s", strerror(-r));
	else
		r = start(&daemon);
	if (r >= 0)
		r = sd_event_loop(daemon.event);

	sd_notify(false, "STOPPING=1");
	manager_free(daemon.manager);
	bus_free(daemon.bus);
	sd_event_unref(daemon.event);
	/* What ended the loop said how: MANAGER_EXIT_START_ANEW. */
	return r < 0 ? EXIT_FAILURE : r;
}
