# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Userspace: every daemon/ROOM/*.c goes into $(BUILD)/daemon/ROOM.a, a program is
# a folder with a main.c.  Three flavours of each object exist side by side:
# $(BUILD)/ (what is installed), $(BUILD)/asan/ (tests), $(BUILD)/fuzz/ (libFuzzer).

# What test programs are made of.  check-coverage and check-valgrind build trees of their
# own with other flags, in which nothing is sanitized and all programs share objects.
TESTED	?= $(BUILD)/asan

# Rooms from the top floor to the ground: the order in which the linker sees them.
# ROOMS="base trust" on the command line builds and links only these.
ROOMS	?= bus engine trust remote backup delta kernel store base

# What tests and tools link with; the linker drops what a program does not use.
ALL_LIBRARIES := libsystemd libnl-genl-3.0 libnl-3.0 sqlite3 gnutls jansson libarchive libseccomp \
	libcurl libcbor libzstd

# program, its folder, its libraries.  fwslotd stays small: heavy libraries only
# in the short-lived worker and in the vendor's tool.
PROGRAM_NAMES := fwslotd fwslotctl fwslot-agent fwslot-worker fwslot-repo fwslot-fetch fwslot-smp
program_folder_fwslotd := fwslotd
program_folder_fwslotctl := ctl
program_folder_fwslot-agent := agent
program_folder_fwslot-worker := worker
program_folder_fwslot-repo := repo
program_folder_fwslot-fetch := fetch
program_folder_fwslot-smp := smp
program_libraries_fwslotd := libsystemd libnl-genl-3.0 libnl-3.0 sqlite3
program_libraries_fwslotctl := libsystemd jansson
program_libraries_fwslot-agent := libsystemd
program_libraries_fwslot-worker := gnutls jansson libarchive libseccomp libzstd
program_libraries_fwslot-repo := gnutls jansson libarchive libzstd
program_libraries_fwslot-fetch := libcurl gnutls libsystemd libseccomp
program_libraries_fwslot-smp := libcbor gnutls libsystemd

# A folder without a main.c is not there yet.
PROGRAMS := $(foreach p,$(PROGRAM_NAMES),$(if $(wildcard \
	daemon/$(program_folder_$(p))/main.c),$(BUILD)/$(p)))

# $(call room_objects,ROOM,FLAVOUR-FOLDER), without the main.c of a program
room_objects = $(patsubst %.c,$(2)/%.o,$(filter-out %/main.c,$(sort $(wildcard daemon/$(1)/*.c))))
filled_rooms := $(foreach r,$(ROOMS) $(foreach p,$(PROGRAM_NAMES),$(program_folder_$(p))),\
	$(if $(call room_objects,$(r),),$(r)))
# $(call room_archives,FLAVOUR-FOLDER)
room_archives = $(patsubst %,$(1)/daemon/%.a,$(filled_rooms))

# help: make programs           only the userspace programs
programs: $(PROGRAMS)

# Manual pages are made of what the programs, the interfaces and the kernel's documentation say.
MAN_PAGES := $(addprefix $(BUILD)/man/,fwslot-agent.1 fwslotctl.1 fwslot-repo.1 fwslot.4 fwslotd.conf.5 fwslot-remote.conf.5 org.fwslot1.5 fwslotd.8 \
	fwslot-fetch.8 fwslot-smp.8)
ALL_MORE += $(MAN_PAGES)
$(MAN_PAGES): $(BUILD)/man/%: $(PROGRAMS) $(wildcard docs/man/* daemon/data/interfaces/*.xml) \
		daemon/data/fwslotd.conf daemon/data/remote.conf daemon/base/reason.c kmod/Documentation/ABI/testing/sysfs-class-fwslot
	@mkdir -p $(@D)
	$(call say,MAN,$@)docs/man/generate $* $(BUILD) >$@

# What people read on their desktop, in their languages.
LANGUAGES := $(patsubst daemon/agent/po/%.po,$(BUILD)/locale/%/fwslot.mo,$(wildcard daemon/agent/po/*.po))
ALL_MORE += $(LANGUAGES)
$(BUILD)/locale/%/fwslot.mo: daemon/agent/po/%.po
	@mkdir -p $(@D)
	$(call say,MSGFMT,$@)msgfmt --check --output-file=$@ $<

.PHONY: languages
languages: $(LANGUAGES)

# help: make man                the manual pages, in $(BUILD)/man
.PHONY: man
man: $(MAN_PAGES)

# Also what no program uses yet.
.PHONY: archives format
archives: $(call room_archives,$(BUILD))

# help: make format             let clang-format rewrite what make lint complains of
format:
	clang-format -i $$(find daemon tests -name '*.[ch]')

# Objects are rebuilt when a flag changes: the stamp is rewritten only then.
flags_now = $(CC) $(CLANG) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' "$$FLAGS_NOW" | cmp -s - $@ || printf '%s\n' "$$FLAGS_NOW" >$@
$(BUILD)/flags: export FLAGS_NOW = $(flags_now)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) $(LIBRARY_CFLAGS) $(tests_includes) -MMD -MP -c -o $@ $<

$(BUILD)/asan/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC-ASAN,$<)$(CC) $(BASE_CFLAGS) -O1 $(SANITIZE) $(CFLAGS) $(LIBRARY_CFLAGS) \
		$(tests_includes) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC-FUZZ,$<)$(CLANG) $(BASE_CFLAGS) -O1 $(SANITIZE) -fsanitize=fuzzer-no-link $(CFLAGS) \
		$(LIBRARY_CFLAGS) $(tests_includes) -MMD -MP -c -o $@ $<

define archive_rule
$(2)/daemon/$(1).a: $(call room_objects,$(1),$(2))
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(sort $(BUILD) $(TESTED) $(BUILD)/fuzz),$(foreach r,$(filled_rooms),\
	$(eval $(call archive_rule,$(r),$(f)))))

define program_rule
$(BUILD)/$(1): $(BUILD)/daemon/$(program_folder_$(1))/main.o $(call room_archives,$(BUILD))
	$$(call say,LD,$$@)$$(CC) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -o $$@ \
		-Wl,--start-group $$^ -Wl,--end-group \
		$$(call library_ldlibs,$$(program_libraries_$(1)))
endef
$(foreach p,$(PROGRAM_NAMES),$(eval $(call program_rule,$(p))))

-include $(shell [ ! -d $(BUILD) ] || find $(BUILD) -type f -name '*.d' -not -path '*/vm/*' 2>/dev/null)
