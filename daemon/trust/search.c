/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TUF 5.6.7: who answers for a target path? A depth-first search through delegations
 * in their order of appearance, bounded, each role at most once.
 */
#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "trust/client.h"
#include "trust/limits.h"
#include "trust/names.h"

/* Roles still to be visited: the next one is the last. */
struct search {
	const char *path;
	char path_digest[SHA256_TEXT_SIZE];
	const struct role **waiting;
	size_t count;
	const char *visited[TUF_DELEGATIONS_MAX];
	size_t visited_count;
};

/* Makes place for @more roles. */
static int reserve(struct search *search, size_t more, struct failure *failure)
{
	const struct role **larger =
		reallocarray(search->waiting, search->count + more + 1, sizeof(*search->waiting));

	if (!larger)
		return fail_memory(failure);
	search->waiting = larger;
	return 0;
}

static void reverse(const struct role **roles, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		const struct role *swapped = roles[i];

		roles[i] = roles[count - 1 - i];
		roles[count - 1 - i] = swapped;
	}
}

/*
 * 5.6.7.2: puts the roles that may answer in front of those that wait already; a
 * terminating one that covers the path drops all others, here and above.
 */
static int push_covering(struct search *search, const struct delegations *delegations,
			 struct failure *failure)
{
	size_t start = search->count;
	int r = reserve(search, delegations->count, failure);

	if (r < 0)
		return r;
	for (size_t i = 0; i < delegations->count; i++) {
		const struct delegation *delegation = &delegations->list[i];

		if (!delegation_covers(delegation, search->path, search->path_digest))
			continue;
		search->waiting[search->count++] = &delegation->role;
		if (!delegation->is_terminating)
			continue;
		memmove(search->waiting, search->waiting + start,
			(search->count - start) * sizeof(*search->waiting));
		search->count -= start;
		start = 0;
		break;
	}
	reverse(search->waiting + start, search->count - start);
	return 0;
}

static bool is_visited(const struct search *search, const char *name)
{
	for (size_t i = 0; i < search->visited_count; i++)
		if (strcmp(search->visited[i], name) == 0)
			return true;
	return false;
}

/*
 * The delegated role as its present delegator vouches for it: a role that two roles
 * delegate to is verified for each of them.
 */
static int load_delegated(struct trust_client *client, const struct role *role,
			  const struct targets **ret, struct failure *failure)
{
	struct delegated_role *loaded;
	int r;

	for (loaded = client->delegated; loaded; loaded = loaded->next)
		if (loaded->role == role) {
			*ret = &loaded->targets;
			return 0;
		}
	loaded = calloc(1, sizeof(*loaded));
	if (!loaded)
		return fail_memory(failure);
	r = client_load_targets(client, role, &loaded->targets, failure);
	if (r < 0) {
		/* It may be accepted and only not kept. */
		targets_clear(&loaded->targets);
		free(loaded);
		return r;
	}
	loaded->role = role;
	loaded->next = client->delegated;
	client->delegated = loaded;
	*ret = &loaded->targets;
	return 0;
}

/* The role of the bin in which the path falls; made once for each bin, kept by the client. */
static int find_bin(struct trust_client *client, const struct delegations *delegations,
		    const char *path_digest, const struct role **ret, struct failure *failure)
{
	_cleanup_free_ char *name = delegations_bin_name(delegations, path_digest);
	struct bin_role *bin;

	if (!name)
		return fail_memory(failure);
	for (bin = client->bins; bin; bin = bin->next)
		if (bin->delegations == delegations && strcmp(bin->role.name, name) == 0) {
			*ret = &bin->role;
			return 0;
		}
	bin = malloc(sizeof(*bin));
	if (!bin)
		return fail_memory(failure);
	*bin = (struct bin_role){ .next = client->bins,
				  .delegations = delegations,
				  .role = delegations->bins };
	bin->role.name = TAKE_PTR(name);
	client->bins = bin;
	*ret = &bin->role;
	return 0;
}

/* TAP 15: exactly one bin covers a path, and it is terminating. */
static int push_bin(struct trust_client *client, struct search *search,
		    const struct delegations *delegations, struct failure *failure)
{
	const struct role *bin;
	int r = find_bin(client, delegations, search->path_digest, &bin, failure);

	if (r >= 0)
		r = reserve(search, 1, failure);
	if (r < 0)
		return r;
	search->waiting[0] = bin;
	search->count = 1;
	return 0;
}

static int push_delegations(struct trust_client *client, struct search *search,
			    const struct delegations *delegations, struct failure *failure)
{
	return delegations->has_bins ? push_bin(client, search, delegations, failure) :
				       push_covering(search, delegations, failure);
}

static int search_delegated(struct trust_client *client, struct search *search, struct target *ret,
			    struct failure *failure)
{
	while (search->count > 0) {
		const struct role *role = search->waiting[--search->count];
		const struct targets *targets = NULL;
		int r;

		/* 5.6.7.1 */
		if (is_visited(search, role->name))
			continue;
		if (search->visited_count == TUF_DELEGATIONS_MAX)
			return fail(
				failure, REASON_LIMIT_REACHED,
				"More than %d delegated roles would have to be read to find %s.",
				TUF_DELEGATIONS_MAX, search->path);
		search->visited[search->visited_count++] = role->name;
		r = load_delegated(client, role, &targets, failure);
		if (r < 0)
			return r;
		r = targets_find(targets, search->path, ret, failure);
		if (r >= 0)
			ret->signer = role;
		if (r != -ENOENT)
			return r;
		r = push_delegations(client, search, &targets->delegations, failure);
		if (r < 0)
			return r;
	}
	return fail(failure, REASON_NO_SUCH_TARGET, "The signed metadata offers no file %s.",
		    search->path);
}

static int search_begin(struct search *search, const char *path, struct failure *failure)
{
	uint8_t digest[SHA256_BYTES];

	if (!target_path_is_valid(path))
		return fail(failure, REASON_INVALID_ARGUMENT,
			    "\"%.100s\" cannot be the path of a target.", path);
	if (hash_bytes(HASH_SHA256, path, strlen(path), digest) < 0)
		return fail_memory(failure);
	*search = (struct search){ .path = path };
	hex_encode(digest, sizeof(digest), search->path_digest);
	return 0;
}

int trust_client_find_target(struct trust_client *client, const char *path, struct target *ret,
			     struct failure *failure)
{
	struct search search;
	int r = search_begin(&search, path, failure);

	if (r < 0)
		return r;
	r = targets_find(&client->targets, path, ret, failure);
	if (r >= 0)
		ret->signer = &client->root.roles[ROLE_TARGETS];
	if (r != -ENOENT)
		return r;
	r = push_delegations(client, &search, &client->targets.delegations, failure);
	if (r >= 0)
		r = search_delegated(client, &search, ret, failure);
	free(search.waiting);
	return r;
}
