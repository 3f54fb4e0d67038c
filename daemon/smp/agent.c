/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waits for the kernel, for the device and for the time, and follows what the device is up to.
 */
#include "smp/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

/* ---- while a request is worked on: the kernel must hear of us, and we of the kernel ---- */

static int hear_kernel(void *userdata)
{
	struct agent *agent = userdata;
	int r = provider_receive(&agent->provider);

	if (r < 0)
		return AGENT_KERNEL_LOST;
	return r > 0 || agent->provider.is_cancelled ? -ECANCELED : 0;
}

static int keep_request(void *userdata)
{
	struct agent *agent = userdata;

	return provider_working(&agent->provider) < 0 ? AGENT_KERNEL_LOST : 0;
}

/* ---- begin and end ---- */

static int open_port(struct agent *agent)
{
	int r = port_open(&agent->port);

	if (r == -EBUSY)
		log_error("%s is in use by another program.", agent->port.path);
	else if (r < 0)
		log_error("Cannot open the serial port %s: %s.", agent->port.path, strerror(-r));
	return r;
}

int agent_open_provider(const struct smp_options *options)
{
	const char *path = options->provider;
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	log_error("Cannot open %s: %s. %s", path, strerror(errno),
		  errno == ENOENT ? "Load the module: modprobe fwslot_user." :
				    "The user of this program must be in its group.");
	return -errno;
}

static int open_memory(struct agent *agent)
{
	const char *path = agent->options->state_directory;

	if (!path)
		return 0;
	agent->memory_dir_fd = folder_open(&io_default, AT_FDCWD, path, false, 0700);
	if (agent->memory_dir_fd < 0)
		log_error("Cannot open the folder %s: %s.", path, strerror(-agent->memory_dir_fd));
	return agent->memory_dir_fd < 0 ? agent->memory_dir_fd : 0;
}

int agent_begin(struct agent *agent, struct smp_options *options, int provider_fd)
{
	int r;

	*agent = (struct agent){
		.options = options,
		.port = { .path = options->port,
			  .baud = options->baud,
			  .fd = -1,
			  .watch = { .fd = -1 } },
		.provider = { .fd = provider_fd },
		.memory_dir_fd = -1,
	};
	agent->device.client.line_operations = &port_line_operations;
	agent->device.client.line = &agent->port;
	agent->device.client.deframer.framing = options->framing;
	r = open_port(agent);
	if (r >= 0)
		r = open_memory(agent);
	if (r < 0)
		return r;
	agent->port.watch = (struct port_watch){ .fd = agent->provider.fd,
						 .period_usec = AGENT_WORKING_PERIOD,
						 .on_ready = hear_kernel,
						 .on_period = keep_request,
						 .userdata = agent };
	return 0;
}

void agent_end(struct agent *agent)
{
	agent_drop_upload(agent);
	port_close(&agent->port);
	agent->provider.fd = close_fd(agent->provider.fd);
	agent->memory_dir_fd = close_fd(agent->memory_dir_fd);
}

/* ---- what the device is up to ---- */

static usec_t look_period(const struct agent *agent)
{
	return agent->view.boot.state == FWSLOT_BOOT_STATE_TRIAL ? AGENT_LOOK_PERIOD_ON_TRIAL :
								   AGENT_LOOK_PERIOD;
}

static void become(struct agent *agent, enum agent_mode mode, usec_t delay_usec)
{
	agent->mode = mode;
	agent->next_usec = time_now_monotonic() + delay_usec;
}

void agent_go_away(struct agent *agent, bool is_commanded)
{
	if (agent->mode != AGENT_PRESENT)
		return;
	agent_drop_upload(agent);
	agent->is_commanded = is_commanded;
	agent->resets = is_commanded ? 1 : 0;
	agent->was_reset_for_silence = false;
	agent->away_deadline_usec = time_now_monotonic() + agent->options->return_timeout_usec;
	become(agent, AGENT_AWAY, agent->options->settle_usec);
	log_info(is_commanded ? "The device restarts." :
				"The device does not answer; it may be restarting.");
}

static int greet_absent(struct agent *agent)
{
	int r;

	agent->last_look_usec = time_now_monotonic();
	r = agent_meet(agent);
	if (r == AGENT_KERNEL_LOST || r == -ENODEV)
		return r;
	become(agent, r < 0 ? AGENT_ABSENT : AGENT_PRESENT,
	       r < 0 ? AGENT_GREETING_PERIOD : look_period(agent));
	if (r < 0)
		log_debug("No device with MCUboot answers on %s.", agent->port.path);
	return 0;
}

static int look(struct agent *agent)
{
	int r;

	agent->last_look_usec = time_now_monotonic();
	r = agent_ask_and_tell(agent);
	if (r == AGENT_KERNEL_LOST || r == -ENODEV)
		return r;
	if (r == -ETIMEDOUT)
		agent_go_away(agent, false);
	else
		become(agent, AGENT_PRESENT, look_period(agent));
	return 0;
}

/* Sends a reset whose answer does not matter. */
static int reset_again(struct agent *agent, usec_t settle_usec)
{
	int r = smp_device_reset(&agent->device);

	if (r == AGENT_KERNEL_LOST)
		return r;
	agent->resets++;
	agent->away_deadline_usec = time_now_monotonic() + agent->options->return_timeout_usec;
	become(agent, AGENT_AWAY, settle_usec);
	return 0;
}

/*
 * The reset got no answer, and the device stands as before it: pending is still pending, a trial
 * still runs.
 */
static bool did_not_hear_reset(const struct agent *agent)
{
	struct smp_view view;

	smp_view_make(&agent->layout, &agent->images, &agent->memory, agent->restart_reason, &view);
	return view.boot.next_slot == agent->view.boot.next_slot &&
	       view.boot.state == agent->view.boot.state &&
	       (view.boot.next_slot != view.boot.running_slot ||
		view.boot.state == FWSLOT_BOOT_STATE_TRIAL);
}

static bool is_in_recovery(const struct agent *agent)
{
	for (size_t i = 0; i < agent->images.count; i++)
		if (agent->images.images[i].is_active)
			return false;
	return agent->images.count > 0;
}

/* It answers: what happened to it? */
static int come_back(struct agent *agent)
{
	bool is_commanded = agent->is_commanded;
	int r;

	if (is_commanded && agent->resets < AGENT_RESETS_MAX && did_not_hear_reset(agent)) {
		log_info("The device did not hear the reset; sending it again.");
		return reset_again(agent, agent->options->settle_usec);
	}
	/* It stayed in its boot loader, for reasons of its own or because it heard us too early. */
	if (is_in_recovery(agent) && !agent->view.is_recovery && agent->resets < AGENT_RESETS_MAX) {
		log_info("The device stayed in its boot loader; resetting it once more.");
		return reset_again(agent, AGENT_SETTLE_TIME_AFTER_RECOVERY);
	}
	agent->mode = AGENT_PRESENT;
	r = agent_tell(agent, is_commanded);
	become(agent, AGENT_PRESENT, look_period(agent));
	log_info("The device is back, its firmware is %s.",
		 agent->view.boot.state == FWSLOT_BOOT_STATE_TRIAL    ? "on trial" :
		 agent->view.boot.state == FWSLOT_BOOT_STATE_FALLBACK ? "the previous one" :
		 agent->view.is_recovery ? "not running: it is in serial recovery" :
					   "confirmed");
	return r;
}

/*
 * It did not come back in time. New firmware that hangs is ended by one more reset, if it listens
 * at all.
 */
static int give_up(struct agent *agent)
{
	int r;

	if (!agent->was_reset_for_silence && agent->port.fd >= 0) {
		agent->was_reset_for_silence = true;
		log_warning("The device did not come back; resetting it once more.");
		return reset_again(agent, agent->options->settle_usec);
	}
	log_error("The device did not come back.");
	r = provider_destroy(&agent->provider);
	if (r < 0)
		return AGENT_KERNEL_LOST;
	if (agent->port.fd < 0)
		return -ENODEV;
	become(agent, AGENT_ABSENT, AGENT_GREETING_PERIOD);
	return 0;
}

static int follow_absence(struct agent *agent)
{
	int r = -ENODEV;

	if (agent->port.fd < 0 && port_open(&agent->port) >= 0)
		log_info("The port %s is back.", agent->port.path);
	if (agent->port.fd >= 0)
		r = smp_device_probe(&agent->device);
	if (r >= 0)
		r = agent_meet_again(agent);
	if (r >= 0)
		return come_back(agent);
	if (r == AGENT_KERNEL_LOST)
		return r;
	if (r == -ENODEV)
		port_close(&agent->port); /* its adapter restarts, too */
	if (time_now_monotonic() >= agent->away_deadline_usec)
		return give_up(agent);
	become(agent, AGENT_AWAY, AGENT_PROBE_PERIOD);
	return 0;
}

static int (*const next_step[])(struct agent *agent) = {
	[AGENT_ABSENT] = greet_absent,
	[AGENT_PRESENT] = look,
	[AGENT_AWAY] = follow_absence,
};

/* ---- waiting ---- */

static int lose_port(struct agent *agent)
{
	port_close(&agent->port);
	/*
	 * An adapter that is part of the device goes and comes with it, if it was told to restart.
	 */
	return agent->mode == AGENT_AWAY ? 0 : -ENODEV;
}

/*
 * The device talks without being asked: its console, perhaps of a restart. Let it finish, then
 * look.
 */
static int hear_console(struct agent *agent)
{
	usec_t now = time_now_monotonic(), when = now + agent->options->settle_usec;
	int r = port_drain(&agent->port);

	if (r < 0)
		return lose_port(agent);
	if (r == 0 || agent->mode == AGENT_AWAY)
		return 0;
	if (when < agent->last_look_usec + AGENT_LOOK_PERIOD_TALKATIVE)
		when = agent->last_look_usec + AGENT_LOOK_PERIOD_TALKATIVE;
	if (when < agent->next_usec)
		agent->next_usec = when;
	return 0;
}

static int wait_once(struct agent *agent)
{
	usec_t now = time_now_monotonic();
	usec_t left = agent->next_usec > now ? agent->next_usec - now : 0;
	struct pollfd fds[] = { { .fd = agent->provider.fd, .events = POLLIN },
				{ .fd = agent->port.fd, .events = POLLIN } };
	int r = poll(fds, ARRAY_SIZE(fds), (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC));

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents != 0) {
		r = provider_receive(&agent->provider);
		if (r < 0)
			return AGENT_KERNEL_LOST;
		if (r > 0)
			return agent_serve(agent);
	}
	if (fds[1].revents != 0)
		return hear_console(agent);
	if (time_now_monotonic() >= agent->next_usec)
		return next_step[agent->mode](agent);
	return 0;
}

int agent_run(struct agent *agent)
{
	int r = 0;

	become(agent, AGENT_ABSENT, agent->options->settle_usec);
	while (r >= 0) {
		r = wait_once(agent);
		/* A request that came while something else was asked of the device. */
		if ((r >= 0 || r == -ECANCELED) && agent->provider.header.id != 0)
			r = agent_serve(agent);
		else if (r == -ECANCELED)
			r = 0;
	}
	if (r == -ENODEV)
		log_error("The serial port %s is gone.", agent->port.path);
	else
		log_error("The connection to %s is lost: %s.", agent->options->provider,
			  strerror(-r));
	return r;
}
