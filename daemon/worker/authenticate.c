/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps between an offline file and its authenticated image. */
#include "worker/authenticate.h"

#include <errno.h>

#include "base/log.h"

void authenticated_clear(struct authenticated *authenticated)
{
	offer_clear(&authenticated->offer);
	trust_client_free(authenticated->client);
	trust_store_close(authenticated->store);
	close_fd(authenticated->image.fd);
	*authenticated = (struct authenticated){ .image.fd = -EBADF };
}

/* Begins with a source: its state as a scratch copy, its trusted root. */
static int begin(const struct remote *remote, struct fetcher *fetcher, enum client_source source,
		 const struct authenticate_options *options, struct authenticated *ret,
		 struct failure *failure)
{
	int r = trust_store_open(options->io, options->trust_fd, remote->name, &ret->store,
				 failure);

	if (r < 0)
		return r;
	trust_store_hold(ret->store);
	ret->remote = remote->name;
	return trust_client_new(ret->store, fetcher, source, options->now, remote->root,
				remote->root_size, &ret->client, failure);
}

/* A refusal that says more than "not by this source": the file is that source's, and bad. */
static bool is_telling(enum reason reason)
{
	return reason != REASON_UNKNOWN_SIGNER && reason != REASON_OK;
}

/* The source whose root answers for the file's timestamp. */
static int choose_remote(struct fetcher *fetcher, const struct authenticate_options *options,
			 const struct remote **ret_remote, struct authenticated *ret,
			 struct failure *failure)
{
	_cleanup_failure_ struct failure best = { 0 };

	for (size_t i = 0; i < options->remotes->count; i++) {
		_cleanup_failure_ struct failure why = { 0 };
		const struct remote *remote = &options->remotes->list[i];
		int r = begin(remote, fetcher, CLIENT_FETCH, options, ret, &why);

		if (r >= 0)
			r = trust_client_recognize(ret->client, &why);
		if (r >= 0) {
			*ret_remote = remote;
			return 0;
		}
		log_debug("The file is not by update source %s: %s", remote->name,
			  failure_message(&why));
		authenticated_clear(ret);
		if (!is_telling(best.reason))
			failure_move(&best, &why);
	}
	if (options->remotes->count == 0)
		return fail(
			failure, REASON_UNKNOWN_SIGNER,
			"No update source is trusted on this machine. Put the root.json of the vendor into "
			"/etc/fwslot/remotes.d/NAME/.");
	if (best.reason == REASON_NOT_LISTED)
		return fail(
			failure, REASON_UNSIGNED,
			"The file carries no signed metadata (metadata/timestamp.json): it is not a bundle.");
	return fail(failure, best.reason, "%s", failure_message(&best));
}

/* Refreshes, keeps what is proven (of a stale file only roots), and finds and fetches the image. */
static int find_image(const struct authenticate_options *options, struct authenticated *ret,
		      struct failure *failure)
{
	int r = trust_client_refresh(ret->client, failure), committed;

	if (r < 0) {
		/* The chain of roots is proven whatever follows it. */
		committed = trust_store_commit(ret->store, TRUST_STORE_COMMIT_ROOTS, NULL);
		if (committed < 0)
			log_warning("Cannot keep the new root of update source %s.", ret->remote);
		return r;
	}
	r = offer_find(ret->client, options->device, &ret->offer, failure);
	committed = trust_store_commit(
		ret->store, ret->is_stale ? TRUST_STORE_COMMIT_ROOTS : TRUST_STORE_COMMIT_ALL,
		r < 0 ? NULL : failure);
	if (r >= 0)
		r = committed;
	return r < 0 ? r :
		       trust_client_fetch_target(ret->client, &ret->offer.image, &ret->image,
						 failure);
}

/*
 * A file that is older than what we know may still carry what we trust: then it serves
 * as a store of targets, looked up by the metadata we already have.
 */
static int find_image_in_stored(const struct remote *remote, struct fetcher *fetcher,
				const struct authenticate_options *options,
				struct authenticated *ret)
{
	int r = begin(remote, fetcher, CLIENT_STORED, options, ret, NULL);

	return r < 0 ? r : find_image(options, ret, NULL);
}

/* The same checks once more, but for the dates. */
static int find_stale_image(const struct remote *remote, struct fetcher *fetcher,
			    const struct authenticate_options *options, struct authenticated *ret,
			    struct failure *failure)
{
	int r;

	authenticated_clear(ret);
	failure_clear(failure);
	r = begin(remote, fetcher, CLIENT_FETCH_STALE, options, ret, failure);
	if (r < 0)
		return r;
	ret->is_stale = true;
	return find_image(options, ret, failure);
}

int authenticate(struct fetcher *fetcher, const struct authenticate_options *options,
		 struct authenticated *ret, struct failure *failure)
{
	const struct remote *remote = NULL;
	int r = choose_remote(fetcher, options, &remote, ret, failure);

	if (r < 0)
		return r;
	r = find_image(options, ret, failure);
	if (r >= 0 || !failure)
		return r;
	if (failure->reason == REASON_EXPIRED && options->accepts_stale)
		return find_stale_image(remote, fetcher, options, ret, failure);
	if (failure->reason != REASON_METADATA_ROLLBACK)
		return r;
	authenticated_clear(ret);
	if (find_image_in_stored(remote, fetcher, options, ret) < 0)
		return r;
	failure_clear(failure);
	return 0;
}
