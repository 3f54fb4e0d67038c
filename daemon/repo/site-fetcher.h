/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is published (site/) as the TUF client's fetcher: as a web server would give it. */
#pragma once

#include "repo/site.h"
#include "trust/fetcher.h"

struct site_fetcher {
	struct fetcher fetcher; /* first */
	const struct site *site; /* borrowed */
};

void site_fetcher_init(const struct site *site, struct site_fetcher *ret);
