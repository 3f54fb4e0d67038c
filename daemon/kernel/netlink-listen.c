// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One non-blocking generic netlink socket in the event loop. It listens to nlctrl for the family
 * "fwslot" coming and going with the module, and to the family's groups while it is there. Sends
 * one request in its life: "is the family there already?", whose answer looks like the announcement
 * that it came.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <fwslot_netlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "base/log.h"
#include "kernel/netlink.h"

/*
 * nlctrl's only group has the number of the family, for historical reasons; see genetlink.c of the
 * kernel.
 */
#define NLCTRL_NOTIFY_GROUP GENL_ID_CTRL

/*
 * Holds some hundred notifications while the loop is elsewhere; more are answered by reading
 * everything again.
 */
#define RECEIVE_BUFFER_BYTES (128 * 1024)

struct netlink_listener {
	const struct netlink_listener_events *events;
	void *userdata;
	struct nl_sock *socket;
	sd_event_source *source;
	uint16_t family_id; /* 0 = not registered */
};

static int join(struct netlink_listener *listener, uint32_t group)
{
	return group ? nl_socket_add_membership(listener->socket, (int)group) : 0;
}

static void on_family(struct netlink_listener *listener, struct nlmsghdr *message)
{
	struct netlink_family family;

	if (netlink_decode_family(message, &family) < 0 ||
	    strcmp(family.name, FWSLOT_FAMILY_NAME) != 0)
		return;
	if (family.is_gone) {
		listener->family_id = 0; /* the kernel has removed us from its groups */
		return;
	}
	if (listener->family_id == family.id)
		return;
	if (join(listener, family.events_group) < 0 || join(listener, family.progress_group) < 0) {
		log_error(
			"Cannot listen to the kernel's netlink family \"%s\": device changes will go unnoticed.",
			FWSLOT_FAMILY_NAME);
		return;
	}
	listener->family_id = family.id;
	listener->events->missed(listener->userdata);
}

static int on_message(struct nl_msg *packet, void *userdata)
{
	struct netlink_listener *listener = userdata;
	struct nlmsghdr *message = nlmsg_hdr(packet);
	struct netlink_event event;

	if (message->nlmsg_type == GENL_ID_CTRL)
		on_family(listener, message);
	else if (message->nlmsg_type == listener->family_id) {
		int r = netlink_decode_event(message, &event);

		if (r == 0)
			listener->events->event(&event, listener->userdata);
		else if (r != -ENOMSG)
			log_warning("Malformed netlink message of the kernel module was ignored.");
	}
	return NL_OK;
}

/* The kernel's own words on a refused request, when it gave some (NETLINK_EXT_ACK). */
static const char *extended_message(struct nlmsgerr *error)
{
	struct nlmsghdr *message = (struct nlmsghdr *)((char *)error - NLMSG_HDRLEN);
	size_t start = NLMSG_HDRLEN + sizeof(*error);
	struct nlattr *text;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		start += error->msg.nlmsg_len - sizeof(error->msg);
	start = NLMSG_ALIGN(start);
	if (start >= message->nlmsg_len)
		return NULL;
	text = nla_find((struct nlattr *)((char *)message + start),
			(int)(message->nlmsg_len - start), NLMSGERR_ATTR_MSG);
	if (!text || !memchr(nla_data(text), '\0', (size_t)nla_len(text)))
		return NULL;
	return nla_data(text);
}

static int on_error(_unused_ struct sockaddr_nl *sender, struct nlmsgerr *error,
		    _unused_ void *userdata)
{
	const char *text = extended_message(error);

	/* ENOENT: the family is not there yet; nlctrl will announce it. */
	if (error->error != -ENOENT)
		log_warning("The kernel refused a netlink request: %s%s%s", strerror(-error->error),
			    text ? ": " : "", text ?: "");
	return NL_SKIP;
}

static int on_readable(_unused_ sd_event_source *source, _unused_ int fd, _unused_ uint32_t revents,
		       void *userdata)
{
	struct netlink_listener *listener = userdata;
	int r = nl_recvmsgs_default(listener->socket);

	if (r == -NLE_NOMEM) /* ENOBUFS: the socket overflowed, the kernel dropped notifications */
		listener->events->missed(listener->userdata);
	else if (r < 0 && r != -NLE_AGAIN && r != -NLE_INTR)
		log_warning("Reading from netlink failed: %s", nl_geterror(r));
	return 0;
}

static int open_socket(struct netlink_listener *listener)
{
	int yes = 1;

	listener->socket = nl_socket_alloc();
	if (!listener->socket)
		return -ENOMEM;
	/*
	 * Announcements carry no sequence number of ours, and nobody waits for an acknowledgement.
	 */
	nl_socket_disable_seq_check(listener->socket);
	nl_socket_disable_auto_ack(listener->socket);
	if (genl_connect(listener->socket) < 0)
		return errno > 0 ? -errno : -EPROTO;
	if (nl_socket_set_nonblocking(listener->socket) < 0)
		return -EIO;
	(void)nl_socket_set_buffer_size(listener->socket, RECEIVE_BUFFER_BYTES, 0);
	/* libnl leaves it off; only the wording of errors depends on it. */
	(void)setsockopt(nl_socket_get_fd(listener->socket), SOL_NETLINK, NETLINK_EXT_ACK, &yes,
			 sizeof(yes));

	if (nl_socket_modify_cb(listener->socket, NL_CB_VALID, NL_CB_CUSTOM, on_message, listener) <
		    0 ||
	    nl_socket_modify_err_cb(listener->socket, NL_CB_CUSTOM, on_error, listener) < 0)
		return -ENOMEM;
	return nl_socket_add_membership(listener->socket, NLCTRL_NOTIFY_GROUP) < 0 ? -EPERM : 0;
}

static int ask_for_family(struct netlink_listener *listener)
{
	struct nl_msg *request = nlmsg_alloc();
	int r = -ENOMEM;

	if (!request)
		return -ENOMEM;
	if (genlmsg_put(request, NL_AUTO_PORT, NL_AUTO_SEQ, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY,
			1) &&
	    nla_put_string(request, CTRL_ATTR_FAMILY_NAME, FWSLOT_FAMILY_NAME) == 0)
		r = nl_send_auto(listener->socket, request) < 0 ? -EIO : 0;
	nlmsg_free(request);
	return r;
}

int netlink_listener_new(sd_event *event, const struct netlink_listener_events *events,
			 void *userdata, struct netlink_listener **ret)
{
	_cleanup_(netlink_listener_freep) struct netlink_listener *listener = NULL;
	int r;

	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->events = events;
	listener->userdata = userdata;

	r = open_socket(listener);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &listener->source, nl_socket_get_fd(listener->socket), EPOLLIN,
			    on_readable, listener);
	if (r < 0)
		return r;
	r = ask_for_family(listener);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(listener);
	return 0;
}

struct netlink_listener *netlink_listener_free(struct netlink_listener *listener)
{
	if (!listener)
		return NULL;
	sd_event_source_disable_unref(listener->source);
	nl_socket_free(listener->socket);
	free(listener);
	return NULL;
}
