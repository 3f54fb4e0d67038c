# SPDX-License-Identifier: GPL-2.0
#
# Kernel modules. They are built in a tree of links below $(BUILD)/kmod/<kernel>, so that the source
# tree stays clean and several kernels can be built side by side.
#
#   make module [KVER=6.1.0-56-amd64]	for one kernel, the newest whose headers are installed
#   make module-all			for every kernel whose headers are installed

KERNELS	:= $(shell ls -d /lib/modules/*/build/include/config/auto.conf 2>/dev/null | \
		cut -d/ -f4 | sort -V)
KVER	?= $(lastword $(KERNELS))

# Where a kernel's headers are; the test bed has its own that are not installed.
HEADERS	?= /lib/modules/%/build
kernel_build = $(wildcard $(subst %,$(1),$(HEADERS)))
kmod_make = $(MAKE) -C $(call kernel_build,$(1)) M=$(abspath $(BUILD))/kmod/$(1) \
	FWSLOT_VERSION=$(VERSION) W=1 CONFIG_DEBUG_INFO_BTF_MODULES= modules

.PHONY: module module-all module-lint dkms

ifneq ($(KERNELS),)
ALL_MORE += module-all
endif

# help: make module             kernel modules for KVER=<kernel>, in $(BUILD)/kmod/<kernel>
module: $(BUILD)/kmod/$(KVER)/built

# help: make module-all         kernel modules for every kernel whose headers are installed
module-all: $(KERNELS:%=$(BUILD)/kmod/%/built)

$(BUILD)/kmod/%/built: FORCE
	@$(if $(call kernel_build,$*),,echo "no headers for kernel '$*': \
		apt-get install linux-headers-$(or $*,amd64)" >&2; exit 1)
	@mkdir -p $(@D)
	@find $(@D) -xtype l -delete
	@cp -rsf $(abspath kmod)/. $(@D)/
	+$(call say,MODULES,$*)$(call kmod_make,$*) $(if $(filter 0,$(V)),-s)
	@touch $@

# checkpatch.pl and its word lists come out of Debian's linux-source package.
kmod_tools := $(BUILD)/kmod-tools
kmod_sources := $(shell find kmod -name '*.[ch]')
checkpatch := $(kmod_tools)/scripts/checkpatch.pl

$(checkpatch):
	@mkdir -p $(kmod_tools)
	$(call say,EXTRACT,$@)tar -xJf $(firstword $(wildcard /usr/src/linux-source-6.*.tar.xz) \
		/usr/src/linux-source-6.1.tar.xz) -C $(kmod_tools) --strip-components=1 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
	@touch $@

# help: make module-lint        checkpatch, sparse (newest kernel) and W=1 (every); silent if all is well
# What sparse looks for does not depend on the kernel, and takes as long as compiling.
module-lint: $(checkpatch) $(KERNELS:%=$(BUILD)/kmod/%/built)
	$(call say,LINT,kmod)kmod/lint $(checkpatch) $(kmod_sources)
	@$(MAKE) -s module KVER=$(lastword $(KERNELS)) C=2

# help: sudo make dkms          add, build and install the modules for the running kernel
dkms:
	@kmod/dkms-install '$(VERSION)'
