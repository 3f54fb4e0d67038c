# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fwslot: one Makefile for everything.  Sources are found by wildcard (see
# daemon/build.mk and tests/build.mk), so adding a .c file needs no edit here.
#
#   make                 userspace programs and, with kernel headers, the module
#   sudo make demo       the story of one update, in a throw-away virtual machine
#   sudo make check      every test suite
#   make help            the other targets
#
# Everything that is built goes below $(BUILD).  V=1 shows the commands.

BUILD	?= build
PREFIX	?= /usr
DESTDIR	?=
V	?= 0

# Variables that the environment may have under these names mean something else.
ifeq ($(origin CC),default)
CC	:= gcc
endif
CLANG	?= clang
PKG_CONFIG ?= pkg-config

# dkms.conf names the version once for the module and for userspace.
VERSION	:= $(shell sed -n 's/^PACKAGE_VERSION="\{0,1\}\([^"]*\)"\{0,1\}$$/\1/p' dkms.conf 2>/dev/null)
VERSION	:= $(or $(VERSION),0.0.0)

WARNINGS := -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wmissing-prototypes \
	-Wstrict-prototypes -Wimplicit-fallthrough -Werror
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE
INCLUDES := -Idaemon -Ikmod/include/uapi -I.
DEFINES	:= -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DFWSLOT_VERSION='"$(VERSION)"' -DFWSLOT_PREFIX='"$(PREFIX)"'
# When this was made: a clock that is behind it is wrong. A package says it by SOURCE_DATE_EPOCH.
%/daemon/base/time.o: BASE_CFLAGS += -DFWSLOT_TIME_EPOCH=$(or $(SOURCE_DATE_EPOCH),$(shell stat -c %Y dkms.conf))
BASE_CFLAGS := -std=gnu11 -g $(WARNINGS) $(HARDENING) $(INCLUDES) $(DEFINES)
BASE_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed

# The caller's own CFLAGS and LDFLAGS come last, so that they win.
ALL_CFLAGS = $(BASE_CFLAGS) -O2 -D_FORTIFY_SOURCE=2 $(CFLAGS)
ALL_LDFLAGS = $(BASE_LDFLAGS) $(LDFLAGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
say	= @
else ifeq ($(V),0)
say	= @printf '  %-8s%s\n' $(1) $(2);
else
say	=
endif
ifeq ($(V),0)
MAKEFLAGS += --no-print-directory
endif

# Asked only when something is compiled or linked, so that "make deps" works on a
# machine that has no pkg-config yet.
library_ldlibs = $(if $(1),$(shell $(PKG_CONFIG) --libs $(1)))
LIBRARY_CFLAGS = $(eval LIBRARY_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(ALL_LIBRARIES)))$(LIBRARY_CFLAGS)

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all
.PHONY: all programs help deps install uninstall clean FORCE
FORCE:

include daemon/build.mk
include tests/build.mk
-include kmod/build.mk

# kmod/build.mk adds the module to "all" through this list.
all: programs $(ALL_MORE)

help:
	@sed -n 's/^#\? \{0,1\}help: //p' Makefile daemon/build.mk tests/build.mk \
		$(wildcard kmod/build.mk)

# help: make                    programs and, with kernel headers installed, the module
# help: sudo make deps          install the Debian packages needed to build and to test
deps:
	@tests/deps all

# help: sudo make install       programs, manual, units, rules, policies; without DESTDIR also dkms
install: programs man languages
	@daemon/data/install-files install '$(BUILD)' '$(DESTDIR)' '$(PREFIX)'
ifeq ($(DESTDIR),)
	@daemon/data/install-activate install
	@$(MAKE) dkms
endif

# help: sudo make uninstall     remove exactly what install put there
uninstall:
ifeq ($(DESTDIR),)
	@daemon/data/install-activate uninstall
	@! command -v dkms >/dev/null || ! dkms status -m fwslot -v '$(VERSION)' | grep -q . || \
		dkms remove -m fwslot -v '$(VERSION)' --all
	@rm -rf '/usr/src/fwslot-$(VERSION)'
endif
	@daemon/data/install-files uninstall '$(BUILD)' '$(DESTDIR)' '$(PREFIX)'
ifeq ($(DESTDIR),)
	@daemon/data/install-activate uninstalled
endif

# help: make clean              remove $(BUILD)
clean:
	rm -rf $(BUILD)
