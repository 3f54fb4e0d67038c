# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests: tests/unit/test-NAME.c and tests/fuzz/fuzz-NAME.c are programs of their
# own, tests/tools/NAME.c (or all of tests/tools/NAME/*.c) are programs that only tests
# and the demo use.  Other .c files beside them are shared by the programs of that folder.

tests_includes := -Itests

unit_sources := $(sort $(wildcard tests/unit/test-*.c))
unit_shared := $(filter-out $(unit_sources),$(sort $(wildcard tests/unit/*.c)))
UNIT_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(unit_sources))

fuzz_sources := $(sort $(wildcard tests/fuzz/fuzz-*.c))
fuzz_shared := $(filter-out $(fuzz_sources),$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(fuzz_sources))
REPLAY_PROGRAMS := $(patsubst tests/fuzz/fuzz-%.c,$(BUILD)/tests/coverage/replay-%,$(fuzz_sources))

crash_sources := $(sort $(wildcard tests/crash/crash-*.c))
crash_shared := $(filter-out $(crash_sources),$(sort $(wildcard tests/crash/*.c)))
CRASH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(crash_sources))

# What a call that fails leads to: shares what the unit tests share.  The linker gives our
# objects the functions of wraps.c instead of the C library's.
fault_sources := $(sort $(wildcard tests/faults/faults-*.c))
fault_shared := $(filter-out $(fault_sources),$(sort $(wildcard tests/faults/*.c)))
FAULT_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(fault_sources))
fault_wraps := $(shell sed -n 's/^WRAP.[^,]*, \([a-z0-9_]*\),.*/-Wl,--wrap=\1/p' tests/faults/wraps.c)

# What needs no kernel although the module is built from it, and the device that the unit
# tests share with the virtual machine: an archive for each flavour, for tests and fuzzers.
pure_sources := $(sort $(wildcard kmod/dfu/protocol/*.c)) \
	$(filter-out %/main.c %/options.c %/vhci.c,$(sort $(wildcard tests/tools/dfu-device/*.c)))
define pure_rule
$(1)/tests/pure.a: $(patsubst %.c,$(1)/%.o,$(pure_sources))
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)rm -f $$@ && ar rcs $$@ $$^
endef
$(foreach f,$(TESTED) $(BUILD)/fuzz,$(eval $(call pure_rule,$(f))))

tool_folders := $(patsubst tests/tools/%/,%,$(sort $(dir $(wildcard tests/tools/*/*.c))))
TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(sort $(wildcard tests/tools/*.c))) \
	$(addprefix $(BUILD)/tools/,$(tool_folders))
# The one that other people's test suites start, beside the fwslot-fetch that it needs.
TUF_CLIENT := $(BUILD)/tuf-client
TOOLS := $(filter-out %/tuf-client,$(TOOLS)) $(TUF_CLIENT)
ALL_MORE += $(TUF_CLIENT)
BENCH_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/*.c)))

$(UNIT_PROGRAMS): $(BUILD)/%: $(TESTED)/%.o $(patsubst %.c,$(TESTED)/%.o,$(unit_shared)) \
		$(TESTED)/tests/pure.a $(call room_archives,$(TESTED))
	@mkdir -p $(@D)
	$(call say,LD-ASAN,$@)$(CC) $(SANITIZE) $(ALL_LDFLAGS) -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(call library_ldlibs,$(ALL_LIBRARIES))

# The crash laboratory: it looks on when the engine decides, to know which rows it reached.
crash_rooms := engine worker repo remote trust backup delta kernel store base
$(CRASH_PROGRAMS): $(BUILD)/%: $(TESTED)/%.o $(patsubst %.c,$(TESTED)/%.o,$(crash_shared) \
		$(filter tests/unit/tuf-%,$(unit_shared))) \
		$(patsubst %,$(TESTED)/daemon/%.a,$(crash_rooms))
	@mkdir -p $(@D)
	$(call say,LD-ASAN,$@)$(CC) $(SANITIZE) $(ALL_LDFLAGS) -Wl,--wrap=engine_step -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(call library_ldlibs,$(ALL_LIBRARIES))

$(FAULT_PROGRAMS): $(BUILD)/%: $(TESTED)/%.o $(patsubst %.c,$(TESTED)/%.o,$(fault_shared) $(unit_shared)) \
		$(TESTED)/tests/pure.a $(call room_archives,$(TESTED))
	@mkdir -p $(@D)
	$(call say,LD-ASAN,$@)$(CC) $(SANITIZE) $(ALL_LDFLAGS) $(fault_wraps) -rdynamic -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(call library_ldlibs,$(ALL_LIBRARIES))

# A fuzzer's inputs without the fuzzer: what a corpus reaches, and what the fuzzer found.
$(REPLAY_PROGRAMS): $(BUILD)/tests/coverage/replay-%: $(TESTED)/tests/fuzz/fuzz-%.o \
		$(patsubst %.c,$(TESTED)/%.o,$(fuzz_shared) tests/coverage/replay.c) \
		$(TESTED)/tests/pure.a $(call room_archives,$(TESTED))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(SANITIZE) $(ALL_LDFLAGS) -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(call library_ldlibs,$(ALL_LIBRARIES))

$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/fuzz/%.o $(patsubst %.c,$(BUILD)/fuzz/%.o,$(fuzz_shared)) \
		$(BUILD)/fuzz/tests/pure.a $(call room_archives,$(BUILD)/fuzz)
	@mkdir -p $(@D)
	$(call say,LD-FUZZ,$@)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ \
		-Wl,--start-group $^ -Wl,--end-group $(call library_ldlibs,$(ALL_LIBRARIES))

define tool_rule
$(BUILD)/tools/$(1): $(patsubst %.c,$(BUILD)/%.o,$(or $(wildcard tests/tools/$(1)/*.c),tests/tools/$(1).c))
endef
$(foreach t,$(notdir $(filter-out $(TUF_CLIENT),$(TOOLS))),$(eval $(call tool_rule,$(t))))

$(TUF_CLIENT): $(BUILD)/tests/tools/tuf-client.o $(BUILD)/fwslot-fetch

$(TOOLS): $(call room_archives,$(BUILD))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ \
		-Wl,--start-group $(filter %.o %.a,$^) -Wl,--end-group \
		$(call library_ldlibs,$(ALL_LIBRARIES))

$(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call library_ldlibs,libsystemd gnutls)

.SECONDARY:
.PHONY: tools unit-programs fault-programs crash-programs fuzz-programs replay-programs bench-programs
tools: $(TOOLS)
unit-programs: $(UNIT_PROGRAMS)
fault-programs: $(FAULT_PROGRAMS)
crash-programs: $(CRASH_PROGRAMS)
fuzz-programs: $(FUZZ_PROGRAMS)
replay-programs: $(REPLAY_PROGRAMS)
bench-programs: $(BENCH_PROGRAMS)

# The two commands of the README start on a bare machine: packages first, then a
# second make, which finds the tools that the first one could not.
.PHONY: check check-all check-unit check-faults check-crash check-bus check-net check-repo check-vm check-vm-debug check-fuzz check-coverage check-valgrind lint test bench demo
JOBS	?= $(shell nproc)
again	= @$(MAKE) -j$(JOBS)

# help: sudo make check         every suite; installs what it needs first
check:
	@tests/deps all
	$(again) all tools unit-programs fault-programs crash-programs fuzz-programs
	@BUILD=$(BUILD) tests/run lint unit faults crash bus net repo fuzz bed vm

# help: make check-unit         the unit tests (ASan and UBSan)
check-unit: unit-programs programs
	@BUILD=$(BUILD) tests/run unit

# help: make check-faults       every allocation and system call failing once
check-faults: fault-programs programs
	@BUILD=$(BUILD) tests/run faults

# help: make check-crash        the laboratory: every point, and proof that it notices mistakes
# Without sanitizers, which make it five times as long: they look at the spread of "make check".
check-crash:
	$(again) BUILD=$(BUILD)/crash TESTED=$(BUILD)/crash SANITIZE= CFLAGS=-Wno-maybe-uninitialized \
		crash-programs
	@BUILD=$(BUILD)/crash CRASH_SPREAD=1 CRASH_RUNS=20000 CRASH_TIMES=20 tests/run crash
	@tests/crash/mutate

# help: make check-bus          fwslotd on a private bus, fwslot-fetch against real servers
check-bus: programs tools
	@BUILD=$(BUILD) tests/run bus net

# help: make check-repo         fwslot-repo, and repositories of and for other TUF programs
check-repo: programs tools
	@BUILD=$(BUILD) tests/run repo

# help: make check-net          fwslot-fetch and real servers on the loopback interface
check-net: programs tools
	@BUILD=$(BUILD) tests/run net

# help: sudo make check-vm      the suites inside virtual machines, both kernels
check-vm: all tools
	@BUILD=$(BUILD) tests/run bed vm

# help: sudo make check-vm-debug  the modules on a kernel with KASAN, lockdep and kmemleak; built once
check-vm-debug:
	@tests/deps all
	$(again) tools
	@BUILD=$(BUILD) VM_KERNELS=debug tests/run vm/debug

# help: make check-fuzz         every fuzzer for FUZZ_SECONDS (30) seconds
check-fuzz: fuzz-programs
	@BUILD=$(BUILD) FUZZ_SECONDS=$(or $(FUZZ_SECONDS),30) tests/run fuzz

# help: make check-coverage     lines and branches that tests reach, for each room (FUZZ=1: parsers)
check-coverage:
	@tests/coverage/report '$(BUILD)/coverage' $(if $(FUZZ),fuzz,tests)

# help: make check-valgrind     the unit tests once more, unsanitized, under valgrind (which you install)
valgrind := valgrind --quiet --error-exitcode=97 --leak-check=full --child-silent-after-fork=yes \
	--errors-for-leak-kinds=definite,indirect --show-leak-kinds=definite,indirect
check-valgrind:
	@command -v valgrind >/dev/null || { echo "check-valgrind needs the package valgrind" >&2; exit 1; }
	$(again) BUILD=$(BUILD)/valgrind TESTED=$(BUILD)/valgrind SANITIZE= CFLAGS=-O1 programs unit-programs
	@BUILD=$(BUILD)/valgrind UNIT_SLOWER=20 UNIT_UNDER='$(valgrind)' tests/run unit

# help: make lint               format, clang, shellcheck, checkpatch and sparse
lint:
	@BUILD=$(BUILD) tests/run lint

# help: make test T=unit/json   one suite by name, or all whose name starts so
T	?= unit
test_needs = $(if $(filter unit/%,$(T)),programs) $(patsubst unit/%,$(BUILD)/tests/unit/test-%,$(filter unit/%,$(T))) \
	$(patsubst faults/%,$(BUILD)/tests/faults/faults-%,$(filter faults/%,$(T))) \
	$(if $(filter faults,$(T)),programs fault-programs) \
	$(patsubst fuzz/%,$(BUILD)/tests/fuzz/fuzz-%,$(filter fuzz/%,$(T))) \
	$(if $(filter unit,$(T)),programs unit-programs) $(if $(filter fuzz,$(T)),fuzz-programs) \
	$(if $(filter bus bus/% net net/% repo repo/% unit/worker%,$(T)),programs tools) $(if $(filter vm vm/%,$(T)),tools)
test: $(test_needs)
	@BUILD=$(BUILD) tests/run $(T)

# help: sudo make demo          the story of an update, told by the system itself
demo:
	@tests/deps demo
	@BUILD=$(BUILD) tests/demo/run

# help: sudo make bench         figures beside the smallest program that does the same
bench:
	@tests/deps all
	$(again) programs tools bench-programs
	@BUILD=$(BUILD) tests/bench/run
