# SPDX-License-Identifier: GPL-2.0
# hostpart: build, test and try it. V=1 shows commands; B=DIR builds elsewhere; `make help` lists targets.

B         ?= build
PREFIX    ?= /usr
CC        ?= gcc
CLANG     ?= clang
BPFTOOL   ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
UNITDIR   ?= $(PREFIX)/lib/systemd/system
GENERATORDIR ?= $(patsubst %/system,%/system-generators,$(UNITDIR))
# The release, from the changelog; between releases with the commit behind it.
RELEASE   := $(shell sed -n '1s/.*(\(.*\)).*/\1/p' scripts/debian/changelog)
VERSION   := $(RELEASE)$(shell scripts/version-suffix $(RELEASE))
BPF_DIR   := $(B)/ebpf

# One job per processor unless the caller said otherwise (an explicit -jN still wins).
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

Q   := $(if $(V),,@)
say  = @$(if $(V),:,printf '  %-8s %s\n' '$(1)' '$(2)')

# Sanitized objects live in their own tree, so the two builds never mix.
,         := ,
SAN_FLAGS := $(if $(SAN),-fsanitize=address$(,)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
O         := $(B)$(if $(SAN),/asan)

# ---- sources: wildcards only, a new file needs no edit here ----
find-c        = $(if $(wildcard $(1)),$(sort $(shell find $(1) -name '*.c')))
LIB_SRC      := $(call find-c,userland/lib)
PARTCTL_SRC  := $(call find-c,userland/partctl)
PARTD_SRC    := $(call find-c,userland/partd)
INIT_SRC     := $(call find-c,userland/init)
OS_SRC       := $(call find-c,userland/os)
OUTSIDE_SRC  := $(call find-c,userland/outside)
GENERATOR_SRC := $(call find-c,userland/generator)
TEST_SRC     := $(sort $(wildcard tests/unit/test_*.c))
TEST_HELPERS := $(filter-out $(TEST_SRC),$(sort $(wildcard tests/unit/*.c)))
BENCH_SRC    := $(sort $(wildcard tests/bench/*.c))
VMTOOL_SRC   := $(sort $(wildcard tests/vm/*.c))
BPF_SRC      := $(sort $(wildcard ebpf/*.bpf.c))
MAN_SRC      := $(sort $(wildcard userland/man/*.scd))
KMOD_SRC     := $(sort $(wildcard kmod/*.c))

objs      = $(patsubst %.c,$(O)/obj/%.o,$(1))
LIB      := $(O)/libhostpart.a
PROGRAMS := $(if $(PARTCTL_SRC),$(O)/bin/partctl) $(if $(PARTD_SRC),$(O)/bin/partd) \
	    $(if $(INIT_SRC),$(O)/libexec/hostpart/domain-init) \
	    $(if $(OS_SRC),$(O)/libexec/hostpart/domain-os) \
	    $(if $(OUTSIDE_SRC),$(O)/libexec/hostpart/outside) \
	    $(if $(GENERATOR_SRC),$(O)/generators/hostpart-generator)
SKELS    := $(patsubst ebpf/%.bpf.c,$(BPF_DIR)/%.skel.h,$(BPF_SRC))
MAN      := $(patsubst userland/man/%.scd,$(B)/man/%,$(MAN_SRC))
TESTS    := $(patsubst tests/unit/%.c,$(O)/unit/%,$(TEST_SRC))
BENCHES  := $(patsubst tests/bench/%.c,$(O)/bench/%,$(BENCH_SRC))
VMTOOLS  := $(patsubst tests/vm/%.c,$(O)/tests/%,$(VMTOOL_SRC))

# ---- flags ----
PKGS       := libfyaml libcgroup libnftnl libmnl hwloc libpci libsystemd json-c libbpf libcap-ng libseccomp libcrypto libmicrohttpd gnutls
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

# Only partctl draws on a terminal.
CURSES_LIBS := $(shell pkg-config --libs ncursesw 2>/dev/null)

WARN     := -Wall -Wextra -Wshadow -Wformat=2 -Werror
HARDEN   := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection
CPPFLAGS += -D_GNU_SOURCE -Iuserland/lib -I$(BPF_DIR) -Iebpf $(PKG_CFLAGS) \
	    -DHP_VERSION='"$(VERSION)"' -DHP_LIBEXECDIR='"$(PREFIX)/libexec/hostpart"' -DHP_DATADIR='"$(PREFIX)/share/hostpart"'
CFLAGS   += -std=gnu11 -O2 -g $(WARN) $(HARDEN) $(if $(SAN),$(SAN_FLAGS),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LDFLAGS  += -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed $(SAN_FLAGS)
LDLIBS   += $(PKG_LIBS) -lpthread -lm

# Only lib/kernel speaks the module's wire contract; the tests may check it against the same header.
$(O)/obj/userland/lib/kernel/% $(O)/obj/tests/%: UAPI_FLAGS := -Ikmod/uapi

# ---- targets ----
.PHONY: all userland bpf module unit unit-build vm-tools install-vm-tools schema bench-plan bench-lruk bench-kmod bench-trace bench-metrics bench-reclaim veristat fuzz-parse fuzz-merge fuzz-netlink check-debug install man deps clean help vm demo check soak check-built dist deb check-deb FORCE
all: module bpf userland

userland: $(if $(LIB_SRC),$(LIB)) $(PROGRAMS)
bpf: $(SKELS)
man: $(MAN)

help:
	@echo 'make                     module, BPF objects, userland (KERNEL=6.1|6.12|running picks one kernel)'
	@echo 'make userland|bpf|module just that part'
	@echo 'make unit [SAN=1]        unit tests, with SAN=1 under ASan and UBSan'
	@echo 'make check               style, layers, unit tests, VM tests; KERNEL=6.1|6.12 for every VM test on that kernel'
	@echo 'make check-debug [T=tests/vm/x.t]  the VM tests on a debug kernel (KASAN, lockdep, kmemleak; the first build takes long)'
	@echo 'make fuzz-parse [RUNS=1000000]     the module'\''s parser under libFuzzer; fuzz-merge shrinks what it found'
	@echo 'make fuzz-netlink [MESSAGES=1000000 KERNEL=6.12 SEED=]  random messages into the module, in a VM'
	@echo 'make soak                200 cycles, every fault and every kill, module loads, hot-plug (long)'
	@echo 'make demo                two hosts on one machine, shown in a VM'
	@echo 'make vm [KERNEL=6.12]    an interactive root shell in the test VM'
	@echo 'make schema              does the JSON Schema agree with the policy parser'
	@echo 'make bench-plan          the planner benchmark'
	@echo 'make bench-lruk [CACHESIM=FILE]     speed and memory of lruk-sim; beside libCacheSim when its program is named'
	@echo 'make bench-kmod [KERNEL=6.12]      what the kernel module costs, in a VM'
	@echo 'make bench-trace [PAIRS=10]        what counting waits costs a context switch, on this machine; needs root'
	@echo 'make bench-metrics       what serving metrics costs in processor time and memory, on this machine; needs root'
	@echo 'make bench-reclaim [ARGS="--seconds 60 --case c"]  what each way of freeing memory saves and costs, in a VM'
	@echo 'make veristat [KERNEL=6.12]        instructions of every eBPF program, on this kernel or in a VM'
	@echo 'make deps                install missing Debian packages'
	@echo 'make install [DESTDIR= PREFIX=/usr]'
	@echo 'make deb                 Debian packages in build/deb; check-deb also looks at what is in them'
	@echo 'make dist                the source of this release as build/hostpart-$(RELEASE).tar.xz'
	@echo 'make clean               remove $(B)/'

# A change of flags or of a file list rebuilds what depends on it: the stamp changes only when the text does.
define stamp
$(2): FORCE
	@mkdir -p $$(@D); printf '%s\n' '$$(subst ','\'',$(1))' | cmp -s - $$@ || printf '%s\n' '$$(subst ','\'',$(1))' > $$@
endef
$(eval $(call stamp,$$(CC) $$(filter-out -DHP_VERSION=%,$$(CPPFLAGS)) $$(CFLAGS) $$(LDFLAGS) $$(LDLIBS),$(O)/.flags))
$(eval $(call stamp,$$(LIB_SRC),$(O)/.lib-files))

$(B)/.have-libs:
	@pkg-config --exists --print-errors $(PKGS) ncursesw || { echo 'libraries are missing: run "make deps"' >&2; exit 1; }
	@mkdir -p $(@D) && touch $@

# ---- userland ----
$(O)/obj/%.o: %.c $(O)/.flags | $(B)/.have-libs $(SKELS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(UAPI_FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(call objs,$(LIB_SRC)) $(O)/.lib-files
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar crs $@ $(filter %.o,$^)

define program
$(1): $(call objs,$(2)) $(if $(LIB_SRC),$(LIB))
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) $$(filter %.o,$$^) $$(filter %.a,$$^) $$(LDLIBS) $(3) -o $$@
endef
$(if $(PARTCTL_SRC),$(eval $(call program,$(O)/bin/partctl,$(PARTCTL_SRC),$$(CURSES_LIBS))))
$(if $(PARTD_SRC),$(eval $(call program,$(O)/bin/partd,$(PARTD_SRC))))
$(if $(INIT_SRC),$(eval $(call program,$(O)/libexec/hostpart/domain-init,$(INIT_SRC))))
$(if $(OS_SRC),$(eval $(call program,$(O)/libexec/hostpart/domain-os,$(OS_SRC))))
$(if $(OUTSIDE_SRC),$(eval $(call program,$(O)/libexec/hostpart/outside,$(OUTSIDE_SRC))))
$(if $(GENERATOR_SRC),$(eval $(call program,$(O)/generators/hostpart-generator,$(GENERATOR_SRC))))
# What partctl top and trace show is tested without a terminal.
unit_with = $(if $(findstring /test_top_,$(1)),$(addprefix userland/partctl/top_,$(addsuffix .c,model format state grid overview heat latency list layout))) \
	$(if $(findstring /test_trace.,$(1)),$(addprefix userland/partctl/,$(addsuffix .c,trace_words trace_parts trace_print_wait cli contention_subject out out_fields out_numbers)))
$(foreach t,$(TEST_SRC),$(eval $(call program,$(O)/unit/$(basename $(notdir $(t))),$(t) $(TEST_HELPERS) $(call unit_with,$(t)),-lcmocka)))
$(eval $(call program,$(O)/schema/policy-check,tests/schema/policy-check.c))
$(foreach t,$(BENCH_SRC),$(eval $(call program,$(O)/bench/$(basename $(notdir $(t))),$(t))))
# The netlink fuzzer makes its messages with what the parser's fuzzer uses.
vmtool_with = $(if $(filter %/hp-fuzznl.c,$(1)),tests/fuzz/attr_gen.c)
$(O)/obj/tests/vm/hp-fuzznl.o: UAPI_FLAGS += -Itests/fuzz
$(foreach t,$(VMTOOL_SRC),$(eval $(call program,$(O)/tests/$(basename $(notdir $(t))),$(t) $(call vmtool_with,$(t)))))

# ---- eBPF ----
# Types come from the BTF that the 6.12 headers package ships, so no kernel has to be running to build.
$(BPF_DIR)/vmlinux.h: scripts/kernel-headers
	$(call say,BTF,$@)
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) btf dump file "$$(scripts/kernel-headers --dir 6.12)/vmlinux" format c > $@

$(BPF_DIR)/%.bpf.o: ebpf/%.bpf.c | $(BPF_DIR)/vmlinux.h
	$(call say,BPF,$<)
	$(Q)$(CLANG) -target bpf -D__TARGET_ARCH_x86 -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter \
		-I$(BPF_DIR) -Iebpf -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)llvm-strip -g $@

$(BPF_DIR)/%.skel.h: $(BPF_DIR)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf > $@

# ---- kernel module, one private tree of links per kernel so that builds never share a file ----
KERNEL_LIST = $(if $(KERNEL),$(KERNEL),$(shell scripts/kernel-headers --installed))
module: $(if $(KMOD_SRC),FORCE)
ifeq ($(KMOD_SRC),)
	@echo '  MODULE   no sources in kmod/ yet'
else
	+$(Q)set -e; list='$(KERNEL_LIST)'; [ -n "$$list" ] || \
		{ echo 'no kernel headers of 6.1 or 6.12 installed: run "make deps"' >&2; exit 1; }; \
	for k in $$list; do $(MAKE) module-$$k; done
endif

module-%: FORCE
	$(call say,MODULE,$(B)/kmod-$*$(if $(SELFTEST),-selftest)/hostpart.ko)
	+$(Q)scripts/build-module '$*' '$(abspath $(B))/kmod-$*$(if $(SELFTEST),-selftest)' $(if $(V),V=1) $(if $(C),C=$(C)) \
		$(if $(SELFTEST),HP_SELFTEST=y)

# ---- tests ----
# The domain tests start the real domain-init.
unit-build: $(TESTS) $(PROGRAMS)
unit: unit-build
	$(Q)scripts/run-unit-tests $(TESTS)

# The policy's JSON Schema and its parser must agree about the same files.
schema: $(O)/schema/policy-check
	$(Q)tests/schema/check.py $(TAP) $<

# Programs that the VM tests use; the testbed puts them beside the installed project.
vm-tools: $(VMTOOLS)
install-vm-tools: vm-tools
	$(Q)install -d $(D)/libexec/hostpart/tests
	$(Q)for p in $(VMTOOLS); do install -m 755 $$p $(D)/libexec/hostpart/tests/; done

bench-plan: $(O)/bench/bench_plan
	$(Q)$<

# Ten million references for each policy of lruk-sim. CACHESIM names libCacheSim's program, to run beside it.
bench-lruk: $(O)/bench/bench_lruk
	$(Q)$< $(if $(CACHESIM),'$(CACHESIM)')

# Processor time and memory of serving metrics at 1 and 100 scrapes in a second, on this machine; needs root.
bench-metrics: $(O)/bench/bench_metrics
	$(Q)$<

# What the module costs, measured in a VM: a table of medians. KERNEL=6.1|6.12.
bench-kmod:
	$(Q)scripts/deps
	$(Q)scripts/testbed --kernel $(or $(KERNEL),6.12) --cpus 4 --memory 2GiB -- tests/bench/bench-kmod

# What partctl contention costs, beside runqlat and runqslower; natively, so leave the machine alone meanwhile.
bench-trace: userland $(O)/bench/bench_empty
	$(Q)scripts/deps --bench
	$(Q)tests/bench/bench-trace --pairs $(or $(PAIRS),10) --empty $(abspath $(O))/bench/bench_empty $(abspath $(O))/bin/partctl

# Four situations, four ways of freeing memory, swap on a disk and on zram, in a VM: a quarter of an hour on a machine with
# nothing else to do; ARGS picks some of them: make bench-reclaim ARGS="--swap zram --case a --case c".
bench-reclaim:
	$(Q)scripts/deps
	$(Q)mkdir -p $(B)/bench
	$(Q)scripts/testbed --kernel $(or $(KERNEL),6.12) --cpus 3 --memory 1GiB --timeout 0 --out $(B)/bench -- tests/bench/bench-reclaim $(ARGS)

# What the kernel's verifier and compiler make of the eBPF programs: KERNEL=6.1|6.12 in a VM, else here (root).
veristat: bpf
	$(Q)$(if $(KERNEL),scripts/testbed --kernel $(KERNEL) --cpus 1 --memory 1GiB -- )scripts/veristat

# ---- fuzzing: the module's parser in user space, with the kernel's own nlattr.c below it ----
RUNS       ?= 1000000
FUZZ_DIR   := $(B)/fuzz
FUZZ_KMOD  := $(sort $(wildcard kmod/parse*.c kmod/table*.c kmod/blob.c))
FUZZ_SRC   := $(FUZZ_KMOD) tests/fuzz/shim/kernel.c tests/fuzz/fuzz_parse.c tests/fuzz/attr_gen.c
FUZZ_FLAGS := -std=gnu11 -O1 -g -Wall -fno-omit-frame-pointer -fno-sanitize-recover=all
$(FUZZ_DIR)/source/nlattr.c: scripts/kernel-source
	@mkdir -p $(@D)/net
	$(Q)source=$$(scripts/kernel-source 6.12) && cp $$source/include/net/netlink.h $(@D)/net/ && cp $$source/lib/nlattr.c $@
$(FUZZ_DIR)/parse: $(FUZZ_SRC) $(FUZZ_DIR)/source/nlattr.c $(wildcard tests/fuzz/*.h tests/fuzz/shim/*.h tests/fuzz/shim/*/*.h kmod/*.h kmod/uapi/*.h)
	$(call say,FUZZ,$@)
	$(Q)$(CLANG) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -Itests/fuzz/shim -I$(FUZZ_DIR)/source -Itests/fuzz -Ikmod -Ikmod/uapi \
		$(FUZZ_SRC) $(FUZZ_DIR)/source/nlattr.c -o $@

# What is new is kept in build/fuzz/found; tests/fuzz/corpus/parse holds what covers all that was ever covered.
fuzz-parse: $(FUZZ_DIR)/parse
	@mkdir -p $(FUZZ_DIR)/found
	$(Q)$< -runs=$(RUNS) -max_len=2048 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=$(if $(V),1,0) \
		-artifact_prefix=$(FUZZ_DIR)/finding- $(FUZZ_DIR)/found tests/fuzz/corpus/parse
fuzz-merge: $(FUZZ_DIR)/parse
	$(Q)mkdir -p $(FUZZ_DIR)/merged && $< -merge=1 -use_counters=0 $(FUZZ_DIR)/merged tests/fuzz/corpus/parse $(FUZZ_DIR)/found

# The same, but into the kernel: MESSAGES of them in a VM, KERNEL=6.1|6.12|debug, SEED to repeat a run.
fuzz-netlink:
	$(Q)scripts/deps
	$(Q)scripts/testbed --kernel $(or $(KERNEL),6.12) --cpus 4 --memory 2GiB --timeout 0 -- \
		env MESSAGES=$(or $(MESSAGES),1000000) $(if $(SEED),SEED=$(SEED)) tests/vm/fuzz-netlink.t

# 200 apply and teardown cycles, a failure at every step and a kill at every journal record, on both kernels: an hour or more.
soak:
	$(Q)scripts/deps
	$(Q)$(MAKE) all
	$(Q)CYCLES=200 STRIDE=1 HOSTPART_PATIENCE=8 scripts/run-vm-tests tests/vm/cycles.t tests/vm/faults.t tests/vm/txn.t tests/vm/txn-systemd.t
	$(Q)CYCLES=500 HOSTPART_PATIENCE=8 scripts/run-vm-tests tests/vm/module-cycles.t
	$(Q)CYCLES=100 HOSTPART_PATIENCE=8 scripts/run-vm-tests tests/vm/hotplug.t
	$(Q)HOSTPART_PATIENCE=8 scripts/run-vm-tests tests/vm/netdev-soak.t tests/vm/crowd.t tests/vm/reclaim.t tests/vm/reclaim-robust.t

# Everything in the VM once more, on a kernel that watches itself: any splat or leak fails. T=tests/vm/x.t picks tests.
check-debug:
	$(Q)scripts/deps
	$(Q)$(MAKE) bpf userland
	$(Q)scripts/debug-kernel > /dev/null
	$(Q)HOSTPART_PATIENCE=$(or $(HOSTPART_PATIENCE),6) scripts/run-vm-tests --kernel debug $(T)

check:
	$(Q)scripts/deps
	$(Q)scripts/check $(if $(KERNEL),--kernel $(KERNEL))

demo:
	$(Q)scripts/deps
	$(Q)$(MAKE) bpf userland module KERNEL=$(or $(KERNEL),6.12)
	$(Q)scripts/demo

vm:
	$(Q)scripts/deps
	$(Q)scripts/testbed --kernel $(or $(KERNEL),6.12) --interactive -- bash -i

deps:
	$(Q)scripts/deps

# ---- installing ----
$(B)/man/%: userland/man/%.scd
	$(call say,MAN,$@)
	@mkdir -p $(@D)
	$(Q)scdoc < $< > $@

D = $(DESTDIR)$(PREFIX)
# The queries are checked against the table of metrics on the way.
$(B)/dashboard.json: scripts/monitoring/dashboard userland/lib/metrics/table.c policies/alerts.yml
	@mkdir -p $(@D)
	$(Q)scripts/monitoring/dashboard > $@

install: userland man $(B)/dashboard.json
	$(Q)install -d $(D)/sbin $(D)/libexec/hostpart $(D)/share/hostpart/policies $(D)/share/bash-completion/completions
	$(Q)for p in $(filter $(O)/bin/%,$(PROGRAMS)); do install -m 755 $$p $(D)/sbin/; done
	$(Q)for p in $(filter $(O)/libexec/%,$(PROGRAMS)); do install -m 755 $$p $(D)/libexec/hostpart/; done
	$(Q)for m in $(MAN); do install -D -m 644 $$m $(D)/share/man/man$${m##*.}/$${m##*/}; done
	$(Q)for f in $(wildcard policies/*.yaml policies/*.yml policies/*.json); do install -m 644 $$f $(D)/share/hostpart/policies/; done
	$(Q)$(O)/bin/partctl completion bash > $(D)/share/bash-completion/completions/partctl
	$(Q)install -D -m 755 scripts/initramfs/hook $(D)/share/initramfs-tools/hooks/hostpart
	$(Q)install -D -m 755 scripts/initramfs/init-top $(D)/share/initramfs-tools/scripts/init-top/hostpart
	$(Q)install -D -m 644 $(B)/dashboard.json $(D)/share/hostpart/monitoring/grafana-dashboard.json
	$(Q)install -m 644 scripts/monitoring/prometheus.yml $(D)/share/hostpart/monitoring/
	$(Q)install -m 755 scripts/monitoring/textfile $(D)/libexec/hostpart/
	$(Q)install -m 644 scripts/monitoring/partd-tcp.conf $(D)/share/hostpart/monitoring/
	$(Q)install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(GENERATORDIR)
	$(Q)for p in $(filter $(O)/generators/%,$(PROGRAMS)); do install -m 755 $$p $(DESTDIR)$(GENERATORDIR)/; done
	$(Q)for f in $(wildcard $(addprefix scripts/systemd/*.,service target timer)); do \
		sed 's,/usr/\(sbin\|libexec\)/,$(PREFIX)/\1/,' $$f > $(DESTDIR)$(UNITDIR)/$${f##*/}; done

# Exactly what is committed, the same bytes each time.
dist:
	$(Q)mkdir -p $(B)
	$(Q)git diff --quiet HEAD || { echo 'dist: there are changes that are not committed' >&2; exit 1; }
	$(Q)git archive --format=tar --prefix=hostpart-$(RELEASE)/ HEAD | xz -9 > $(B)/hostpart-$(RELEASE).tar.xz
	@echo $(B)/hostpart-$(RELEASE).tar.xz

# Debian packages in $(B)/deb, checked with lintian; needs debhelper, dh-dkms and lintian (scripts/deps --package).
deb:
	$(Q)scripts/deps --package
	$(Q)scripts/build-deb $(B)/deb

check-deb: deb
	$(Q)tests/packages.t

clean:
	$(Q)rm -rf $(B)

-include $(shell [ -d $(O) ] && find $(O)/obj $(BPF_DIR) -name '*.d' 2>/dev/null)
