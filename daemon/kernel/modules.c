// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Says why no device can appear: which kernel module is missing and which command mends it. libkmod
 * is loaded for this one call, because it brings a cryptographic library along that an idle daemon
 * has no use for. Never loads a module.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <libkmod.h>

#include "kernel/monitor.h"

#include "base/macros.h"

#define LIBKMOD "libkmod.so.2"
#define MODULE "fwslot"

/* The few functions of libkmod that we use, by name. */
struct libkmod {
	void *library;
	__typeof__(&kmod_new) create;
	__typeof__(&kmod_unref) unref;
	__typeof__(&kmod_module_new_from_lookup) lookup;
	__typeof__(&kmod_module_get_module) get_module;
	__typeof__(&kmod_module_get_initstate) get_initstate;
	__typeof__(&kmod_module_unref) module_unref;
	__typeof__(&kmod_module_unref_list) unref_list;
};

static int libkmod_open(struct libkmod *libkmod)
{
	const struct {
		const char *name;
		void *place;
	} symbols[] = {
		{ "kmod_new", &libkmod->create },
		{ "kmod_unref", &libkmod->unref },
		{ "kmod_module_new_from_lookup", &libkmod->lookup },
		{ "kmod_module_get_module", &libkmod->get_module },
		{ "kmod_module_get_initstate", &libkmod->get_initstate },
		{ "kmod_module_unref", &libkmod->module_unref },
		{ "kmod_module_unref_list", &libkmod->unref_list },
	};

	libkmod->library = dlopen(LIBKMOD, RTLD_NOW | RTLD_LOCAL);
	if (!libkmod->library)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *symbol = dlsym(libkmod->library, symbols[i].name);

		if (!symbol) {
			dlclose(libkmod->library);
			return -EOPNOTSUPP;
		}
		memcpy(symbols[i].place, &symbol, sizeof(symbol));
	}
	return 0;
}

enum module_place { MODULE_LOADED, MODULE_INSTALLED, MODULE_MISSING };

static int find_module(const struct libkmod *libkmod, enum module_place *ret)
{
	struct kmod_list *found = NULL;
	struct kmod_ctx *context = libkmod->create(NULL, NULL);
	int r;

	if (!context)
		return -ENOMEM;
	r = libkmod->lookup(context, MODULE, &found);
	if (r == -ENOENT)
		r = 0; /* no index at all: nothing is installed for this kernel */
	if (r >= 0) {
		*ret = MODULE_MISSING;
		if (found) {
			struct kmod_module *module = libkmod->get_module(found);
			int state = libkmod->get_initstate(module);
			bool is_loaded = state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;

			*ret = is_loaded ? MODULE_LOADED : MODULE_INSTALLED;
			libkmod->module_unref(module);
			libkmod->unref_list(found);
		}
	}
	libkmod->unref(context);
	return r < 0 ? r : 0;
}

static char *word_sentence(enum module_place place, const char *release)
{
	char *sentence = NULL;
	int r;

	if (place == MODULE_INSTALLED)
		r = asprintf(
			&sentence,
			"The kernel module \"%s\" is installed but not loaded; run 'modprobe %s' or load "
			"the module of your device's provider.",
			MODULE, MODULE);
	else
		r = asprintf(
			&sentence,
			"The kernel module \"%s\" is not installed for the running kernel %s; install "
			"the package linux-headers-%s and run 'dkms autoinstall'.",
			MODULE, release, release);
	return r < 0 ? NULL : sentence;
}

int kernel_modules_explain(char **ret_sentence)
{
	struct libkmod libkmod = {};
	enum module_place place = MODULE_MISSING;
	struct utsname kernel;
	int r = libkmod_open(&libkmod);

	if (r < 0)
		return r;
	r = find_module(&libkmod, &place);
	dlclose(libkmod.library);
	if (r < 0)
		return r;

	*ret_sentence = NULL;
	if (place == MODULE_LOADED)
		return 0;
	if (uname(&kernel) < 0)
		return -errno;
	*ret_sentence = word_sentence(place, kernel.release);
	return *ret_sentence ? 0 : -ENOMEM;
}
