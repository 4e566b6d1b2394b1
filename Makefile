# SPDX-License-Identifier: MIT
#
# The one Makefile of Mimus. `make help` lists the targets.
#
#   O=dir       where everything built goes (default: build)
#   V=1         print whole commands
#   CC=clang    another compiler; give it its own O
#   WERROR=1    warnings are errors
#   PREFIX=, DESTDIR=   for `make install`; QEMU_NAMES=1 adds links qemu-ARCH-static
#
# Sources, guests, tables and tests are found by wildcard: adding one needs no edit here. A
# guest is a folder translate/guest/NAME with a guest.c; its *.dec files make the decoder
# gen/NAME_decode.[ch], its linux.nr the table of system call numbers, its syscalls.tbl (if
# any) the calls that no other guest has.

O       ?= build
V       ?= 0
PREFIX  ?= /usr/local
STRIP   ?= -s
VERSION := 0.1
PYTHON  ?= python3

CFLAGS  ?= -O2 -g
CFLAGS_GIVEN := $(CFLAGS)
override WARN := -Wall -Wextra $(if $(WERROR),-Werror)
override CPPFLAGS += -I$(O) -I. -D_GNU_SOURCE= -DMIMUS_VERSION='"$(VERSION)"'
override CFLAGS += -std=gnu17 $(WARN) -fPIE -fno-strict-aliasing -ffunction-sections -pthread

# Link-time optimisation of the program (translation is 5 to 8 % faster); objects hold plain code,
# too, for the tests. GCC only, and not for builds with flags of their own. LTO= turns it off.
LTO ?= $(if $(filter -O2 -g,$(CFLAGS_GIVEN)),$(if $(shell $(CC) --version 2>/dev/null | grep -i clang),,1))
LTO_COMPILE = $(if $(LTO),-flto=auto -ffat-lto-objects)
LTO_LINK := $(if $(LTO),-flto=auto)
LTO_OFF := $(if $(LTO),-fno-lto)

comma := ,
Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-6s %s\n' $(1) $(2))

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# ---- what there is ----

HOST_ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)))
GUESTS    := $(patsubst translate/guest/%/guest.c,%,$(sort $(wildcard translate/guest/*/guest.c)))
SRC_DIRS  := $(wildcard translate syscall signal elfload linux-user binfmt run system)

# Back-ends of other hosts stay out; so do folders of guests without a guest.c.
SRCS := $(sort $(shell find $(SRC_DIRS) -name '*.[cS]'))
SRCS := $(filter-out translate/guest/% translate/host/%,$(SRCS)) \
        $(filter translate/host/interp/% translate/host/$(HOST_ARCH)/% \
                 $(GUESTS:%=translate/guest/%/%),$(SRCS))
# A top-level file of translate/host itself belongs to every build.
SRCS += $(wildcard translate/host/*.c)

DECODERS  := $(sort $(foreach f,$(wildcard translate/guest/*/*.dec),$(word 3,$(subst /, ,$(f)))))
NR_FILES  := $(sort $(wildcard translate/guest/*/linux.nr translate/guest/*/linux32.nr \
                               translate/guest/*/syscalls.tbl))
GEN_H     := $(DECODERS:%=$(O)/gen/%_decode.h)
GEN_C     := $(DECODERS:%=$(O)/gen/%_decode.c) $(O)/gen/guests.c
ifneq ($(wildcard syscall/syscalls.tbl),)
GEN_H     += $(O)/gen/syscalls.h
GEN_C     += $(O)/gen/syscalls.c
endif

OBJS      := $(patsubst %,$(O)/obj/%.o,$(basename $(SRCS))) $(GEN_C:$(O)/%.c=$(O)/obj/%.o)
# mimus-run is mimus and this: it reads container images, with libraries that nothing else needs.
RUN_OBJS  := $(filter $(O)/obj/run/%,$(OBJS))
# mimus-img stands alone: disk images, and nothing of guests.
BLOCK_OBJS := $(filter $(O)/obj/system/block/%,$(OBJS))
IMG_OBJS  := $(BLOCK_OBJS) $(filter $(O)/obj/system/img/%,$(OBJS))
OBJS      := $(filter-out $(RUN_OBJS) $(IMG_OBJS),$(OBJS))
LIB_OBJS  := $(filter-out $(patsubst %,$(O)/obj/linux-user/%.o,main malloc start),$(OBJS))
HEADERS   := $(sort $(shell find $(SRC_DIRS) tests/unit -name '*.h' \
                           -not -path 'translate/host/*/*' 2>/dev/null) \
                 $(wildcard translate/host/interp/*.h translate/host/$(HOST_ARCH)/*.h))
UNIT_SRCS := $(sort $(shell find tests/unit -name '*_test.c' 2>/dev/null))
UNIT_OBJS := $(UNIT_SRCS:%.c=$(O)/obj/%.o)
# Those of the disk images are a program of their own, with the libraries of mimus-img.
IMG_UNIT_OBJS := $(filter $(O)/obj/tests/unit/system/%,$(UNIT_OBJS))
UNIT_OBJS := $(filter-out $(IMG_UNIT_OBJS),$(UNIT_OBJS))

.PHONY: all
all: $(O)/mimus $(O)/mimus-binfmt $(O)/mimus-run $(O)/mimus-img

# ---- libraries: found once, with a hint when they are missing ----

BUILDLESS := setup clean help install-man deb check-tables
ifneq ($(filter-out $(BUILDLESS),$(or $(MAKECMDGOALS),all)),)
ifeq ($(filter demo check,$(MAKECMDGOALS)),)
-include $(O)/libs.mk
endif
endif

$(O)/libs.mk: scripts/find_libs.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' sh scripts/find_libs.sh >$@.tmp && mv $@.tmp $@

# Looked for only when mimus-run is built.
$(O)/run_libs.mk: scripts/find_libs.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' sh scripts/find_libs.sh run >$@.tmp && mv $@.tmp $@

$(RUN_OBJS): | $(O)/run_libs.mk

$(O)/img_libs.mk: scripts/find_libs.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' sh scripts/find_libs.sh img >$@.tmp && mv $@.tmp $@

$(IMG_OBJS): | $(O)/img_libs.mk

# ---- generated files ----

define decoder_rule
$(O)/gen/$(1)_decode.h $(O)/gen/$(1)_decode.c &: $(sort $(wildcard translate/guest/$(1)/*.dec)) \
                                                 scripts/gen_decode.py
	@mkdir -p $(O)/gen
	$$(call say,GEN,gen/$(1)_decode.c)
	$$(Q)$(PYTHON) scripts/gen_decode.py $(O)/gen/$(1)_decode.h $(O)/gen/$(1)_decode.c $(1) \
	    $(sort $(wildcard translate/guest/$(1)/*.dec))
endef
$(foreach g,$(DECODERS),$(eval $(call decoder_rule,$(g))))

$(O)/gen/syscalls.h $(O)/gen/syscalls.c &: $(sort $(wildcard syscall/*.tbl syscall/*.nr)) $(NR_FILES) \
                                           scripts/gen_syscalls.py
	@mkdir -p $(O)/gen
	$(call say,GEN,gen/syscalls.c)
	$(Q)$(PYTHON) scripts/gen_syscalls.py $(O)/gen/syscalls.h $(O)/gen/syscalls.c \
	    syscall/syscalls.tbl $(NR_FILES)

# Made each time and compared, since a guest's folder may also go away.
$(O)/gen/guests.c: FORCE
	@mkdir -p $(@D)
	@sh scripts/gen_guests.sh $@.new $(GUESTS) && \
	    if cmp -s $@ $@.new; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:

# ---- objects and the program ----

# Top-level assembly with symbols that C refers to cannot be split from it.
$(O)/obj/signal/host_syscall.o: LTO_COMPILE :=
# Calls of these are also made from what the compiler knows of them, after it has read the file.
$(O)/obj/linux-user/malloc.o: LTO_COMPILE := -fno-builtin
$(O)/obj/linux-user/start.o: LTO_COMPILE :=

$(O)/obj/%.o: %.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LTO_COMPILE) -MMD -MP -c -o $@ $<

$(O)/obj/%.o: %.S | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/gen/%.o: $(O)/gen/%.c | $(GEN_H)
	@mkdir -p $(@D)
	$(call say,CC,gen/$*.c)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(LTO_COMPILE) -MMD -MP -c -o $@ $<

LINK = $(CC) $(CFLAGS) $(LTO_LINK) $(LDFLAGS) -static-pie -Wl,-z,pack-relative-relocs -Wl,--gc-sections \
       $(if $(filter x86_64,$(HOST_ARCH)),-Wl$(comma)-e$(comma)mimus_start)

$(O)/mimus: $(OBJS)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

# One file, two programs: the name says which.
$(O)/mimus-binfmt: | $(O)/mimus
	@ln -sf mimus $@

$(O)/mimus-run: $(OBJS) $(RUN_OBJS) $(O)/run_libs.mk
	$(call say,LINK,$@)
	@rm -f $@
	$(Q)$(LINK) -o $@ $(OBJS) $(RUN_OBJS) $$(sed 's/.*:=//' $(O)/run_libs.mk) $(LIBS)

# The sanitizers do not link statically.
IMG_LINK = $(CC) $(CFLAGS) $(LDFLAGS) \
           $(if $(findstring -fsanitize,$(CFLAGS)),-pie,-static-pie -Wl$(comma)-z$(comma)pack-relative-relocs) -Wl,--gc-sections
IMG_LIBS = $$(sed 's/.*:=//' $(O)/img_libs.mk)

$(O)/mimus-img: $(IMG_OBJS) $(O)/img_libs.mk
	$(call say,LINK,$@)
	$(Q)$(IMG_LINK) $(LTO_LINK) -o $@ $(IMG_OBJS) $(IMG_LIBS)

-include $(patsubst %.o,%.d,$(OBJS) $(RUN_OBJS) $(IMG_OBJS) $(UNIT_OBJS) $(IMG_UNIT_OBJS)) $(wildcard $(O)/obj/tests/insn/*.d $(O)/obj/tests/img/*.d $(O)/obj/tests/isa/*.d $(O)/obj/tests/codegen/*.d $(O)/obj/tests/diff/*.d $(O)/obj/tests/fuzz/*.d)

# ---- tests ----
#
# Each check-NAME ends with the line "N passed, N failed"; `make check` adds them up.

CHECK_FAST := headers includes tables unit insn engines codegen prog-fast narrow binfmt observe bench
CHECK_ALL  := headers includes tables unit san clang insn engines codegen prog narrow syscall linux secure binfmt run img oci docs litmus observe diff \
              isa rvv encodings testfloat vixl root fuzz fuzz-code bench
SEQUENCES  ?= 100000
# Guests whose programs are run; of those in BRIEF less: `make check-root TEST_GUESTS=riscv64 BRIEF=`.
TEST_GUESTS?= aarch64,riscv64
BRIEF      ?= riscv64
GUEST      ?= aarch64
BOTH        = --guest $(TEST_GUESTS) --brief "$(BRIEF)"
MIMUS      ?= $(O)/mimus
export O CC PYTHON

# Parts that run for each guest do so for those in ARCH: `make check-isa ARCH=riscv64`. Unless one is
# named, the second gets a half of what is random.
ARCH = aarch64 riscv64
each_guest = @rc=0; for arch in $(ARCH); do \
    thin=$$([ "$$arch" = aarch64 ] || [ "$$arch" = '$(ARCH)' ] && echo 1 || echo 2); \
    $(1) || rc=1; done; exit $$rc

$(O)/unit-tests: $(UNIT_OBJS) $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lcriterion -lm

$(O)/img-unit-tests: $(IMG_UNIT_OBJS) $(BLOCK_OBJS) $(O)/img_libs.mk
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $(IMG_UNIT_OBJS) $(BLOCK_OBJS) -lcriterion $(IMG_LIBS)

# A disk's user for the tests; its calls that change files go through what counts them.
$(O)/img-io: $(O)/obj/tests/img/io.o $(BLOCK_OBJS) $(O)/img_libs.mk
	$(call say,LINK,$@)
	$(Q)$(IMG_LINK) $(LTO_OFF) -Wl,--wrap=pwrite,--wrap=fallocate,--wrap=ftruncate -o $@ $(O)/obj/tests/img/io.o $(BLOCK_OBJS) $(IMG_LIBS)

$(O)/insn-tests: $(O)/obj/tests/insn/run.o $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lm

$(O)/codegen-tests: $(O)/obj/tests/codegen/run.o $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lm

$(O)/engine-tests: $(O)/obj/tests/diff/engines.o $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lm

$(O)/fuzz-code: $(O)/obj/tests/fuzz/code_pages.o $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lm

$(O)/isa-words: $(O)/obj/tests/isa/words.o $(LIB_OBJS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(LTO_OFF) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lm

.PHONY: check check-fast check-headers check-includes check-tables check-unit check-san \
        check-clang check-insn check-engines check-codegen check-prog check-prog-fast check-narrow check-syscall check-linux \
        check-litmus check-secure check-binfmt check-run check-img check-oci check-docs check-deb check-packages check-observe check-diff check-isa check-rvv check-encodings check-testfloat check-vixl \
        check-root check-programs check-fuzz check-fuzz-code check-bench check-udb check-torture check-tcg check-x264 \
        demo bench bench-compare update-codegen setup install install-man oci deb clean help

check: setup
	+@$(PYTHON) tests/run_checks.py --make '$(MAKE)' $(CHECK_ALL)

check-fast:
	+@$(PYTHON) tests/run_checks.py --make '$(MAKE)' $(CHECK_FAST)

check-headers: export MIMUS_FLAGS = $(CPPFLAGS) $(CFLAGS)
check-headers: $(GEN_H)
	@CC='$(CC)' FLAGS="$$MIMUS_FLAGS" sh scripts/check_headers.sh $(HEADERS)

check-includes:
	@$(PYTHON) scripts/check_includes.py .

check-tables:
	@$(PYTHON) scripts/test_decode.py

check-unit: $(O)/unit-tests $(O)/img-unit-tests
	@$(PYTHON) tests/run_unit.py $(O)/unit-tests
	@$(PYTHON) tests/run_unit.py $(O)/img-unit-tests

# The sanitizers' own memory map and handlers leave no room for translated code, so this part
# runs the C of the parsers, tables, IR and interpreter, not the guest programs.
check-san: export ASAN_OPTIONS = detect_leaks=0
check-san:
	+@$(MAKE) --no-print-directory O=$(O)/san CFLAGS='-O1 -g -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer' check-unit

check-clang:
	+@$(MAKE) --no-print-directory O=$(O)/clang CC=clang WERROR=1 $(O)/clang/mimus check-unit

check-insn: $(O)/insn-tests
	@$(PYTHON) tests/insn/run.py $(O)/insn-tests tests/insn

# The cases are for the x86-64 back-end; other hosts have none to compare with.
CODEGEN_GUESTS := $(if $(filter x86_64,$(HOST_ARCH)),$(patsubst tests/codegen/%/,%,$(wildcard tests/codegen/*/)))
codegen = $(foreach g,$(CODEGEN_GUESTS),$(O)/codegen-tests $(1) $(g) $(sort $(wildcard tests/codegen/$(g)/*.case));)

check-codegen: $(O)/codegen-tests $(O)/mimus
	@set -e; for g in $(CODEGEN_GUESTS); do \
	    $(O)/mimus -isa-report $$g | diff translate/guest/$$g/isa.md - || \
	    { echo "translate/guest/$$g/isa.md is not current: make update-codegen"; echo "0 passed, 1 failed"; exit 1; }; done
	@set -e; $(call codegen,check)

update-codegen: $(O)/codegen-tests $(O)/mimus
	@set -e; for g in $(CODEGEN_GUESTS); do $(O)/mimus -isa-report $$g >translate/guest/$$g/isa.md; done
	@set -e; $(call codegen,update)

check-engines: $(O)/engine-tests
	@$(O)/engine-tests -n $(SEQUENCES)

check-prog: $(O)/mimus
	@$(PYTHON) tests/run_prog.py $(BOTH) --mimus $(MIMUS) --out $(O)/prog tests/prog

check-prog-fast: $(O)/mimus
	@$(PYTHON) tests/run_prog.py --fast --guest $(TEST_GUESTS) --mimus $(MIMUS) --out $(O)/prog tests/prog

check-narrow: $(O)/mimus
	@$(PYTHON) tests/narrow/run.py --mimus $(MIMUS) --out $(O)/narrow

check-syscall: $(O)/mimus
	@$(PYTHON) tests/run_prog.py --mimus $(MIMUS) --out $(O)/prog tests/syscall

# Every check of tests/syscall natively and under mimus, with a table of families.
check-linux: $(O)/mimus
	@$(PYTHON) tests/check_linux.py --guest $(TEST_GUESTS) --mimus $(MIMUS) --out $(O)/check-linux \
	    tests/syscall

# Iterations of each litmus test: `make check-litmus LITMUS=1000000` for a long look.
LITMUS ?= 50000
check-litmus: $(O)/mimus
	$(call each_guest,$(PYTHON) tests/litmus/run.py --arch $$arch --mimus $(MIMUS) --out $(O)/litmus \
	    --iterations $$(($(LITMUS) / thin)))

check-secure: $(O)/mimus
	@$(PYTHON) tests/secure/run.py --mimus $(MIMUS)

# In user namespaces: the machine's own table is not touched.
check-binfmt: $(O)/mimus
	@$(PYTHON) tests/binfmt/run.py --mimus $(O)/mimus --out $(O)/binfmt

check-run: $(O)/mimus-run
	@$(PYTHON) tests/run/run.py --mimus-run $(O)/mimus-run --out $(O)/run-tests

# Disk images, with qemu-img and qemu-io as oracles; IMG_MUTANTS damaged ones on a build with sanitizers.
IMG_MUTANTS ?= 200
check-img: $(O)/mimus-img $(O)/img-io
	+@$(MAKE) --no-print-directory O=$(O)/img-san LTO= CFLAGS='-O1 -g -fsanitize=address,undefined \
	    -fno-sanitize-recover=undefined -fno-omit-frame-pointer' $(O)/img-san/mimus-img $(O)/img-san/img-io
	@$(PYTHON) tests/img/run.py --bin $(O) --san $(O)/img-san --out $(O)/img-tests --mutants $(IMG_MUTANTS)

# The image of `make oci`, in user namespaces: the machine's own table is not touched.
check-oci: $(O)/mimus $(O)/mimus-run
	@$(PYTHON) tests/oci/run.py --mimus $(O)/mimus --mimus-run $(O)/mimus-run --out $(O)/oci-tests

# Not part of check: builds the packages, and makes a chroot once. Needs root, mmdebstrap, debhelper.
check-deb: $(O)/mimus-run
	@ls $(O)/deb/*.deb >/dev/null 2>&1 || sh scripts/deb.sh $(O)/deb
	@$(PYTHON) tests/deb/run.py --debs $(O)/deb --mimus-run $(O)/mimus-run --out $(O)/deb-tests

# Not part of check: Debian packages with their test suites in a chroot, for hours. PACKAGES=hello,jq,
# GUEST=riscv64; PEER=1 compares with another emulator. Needs root and mmdebstrap.
check-packages: $(O)/mimus $(O)/mimus-binfmt
	@$(PYTHON) tests/packages/run.py --mimus $(O) --out $(O)/packages $(if $(GUEST),--guest $(GUEST)) \
	    $(if $(PACKAGES),--only $(PACKAGES)) $(if $(PEER),--peer)

# The commands of docs/*.md. SLOW=1 makes whole Debian roots, too.
check-docs: $(O)/mimus $(O)/mimus-run $(O)/mimus-binfmt
	@$(PYTHON) tests/docs/run.py --bin $(O) --out $(O)/docs-tests $(if $(SLOW),--slow)

check-observe: $(O)/mimus
	@$(PYTHON) tests/observe/run.py --mimus $(MIMUS) --out $(O)/observe

check-diff: $(O)/mimus $(O)/isa-words
	$(call each_guest,$(PYTHON) tests/diff/run.py --arch $$arch --mimus $(MIMUS) --tool $(O)/isa-words \
	    --out $(O)/diff --sequences $$(($(SEQUENCES) / thin)))

# Words of each decode row, and the start states each runs on.
ISA_WORDS  ?= 32
ISA_STATES ?= 16
check-isa: $(O)/mimus $(O)/isa-words
	$(call each_guest,$(PYTHON) tests/isa/isa.py --arch $$arch --mimus $(MIMUS) --tool $(O)/isa-words \
	    --out $(O)/isa --words $(ISA_WORDS) --states $(ISA_STATES))

# Vector instructions of riscv64: words of each row, states of each word, for 128 and 256 bits.
RVV_WORDS  ?= 8
RVV_STATES ?= 12
check-rvv: $(O)/mimus
	@$(PYTHON) tests/isa/rvv.py --mimus $(MIMUS) --out $(O)/isa --vlen 128,256 \
	    --words $(RVV_WORDS) --states $(RVV_STATES)

# Random instruction words, and words for each bit of each row. The whole of it is
# `make check-encodings ENCODINGS=50000000 FLIPS=64`.
ENCODINGS ?= 1000000
FLIPS     ?= 4
check-encodings: $(O)/mimus $(O)/isa-words
	$(call each_guest,$(PYTHON) tests/isa/check_encodings.py --arch $$arch --mimus $(MIMUS) \
	    --tool $(O)/isa-words --out $(O)/isa --words $$(($(ENCODINGS) / thin)) --flips $(FLIPS))

# UDB is a tree of riscv-software-src/riscv-unified-db: the RISC-V decode tables against it. Not part of check.
UDB ?=
check-udb: $(O)/isa-words
	@$(PYTHON) tests/isa/check_udb.py --tool $(O)/isa-words --udb '$(UDB)'

# Vectors of each TestFloat function and mode; 0 is all of level 1, a quarter of an hour.
TESTFLOAT ?= 5000
check-testfloat: $(O)/mimus $(O)/isa-words
	@$(PYTHON) tests/isa/testfloat.py --mimus $(MIMUS) --tool $(O)/isa-words --out $(O)/isa \
	    --cases $(TESTFLOAT)
	@$(PYTHON) tests/isa/testfloat.py --guest riscv64 --mimus $(MIMUS) --out $(O)/isa \
	    --cases $(TESTFLOAT)

# VIXL is a tree of its source with test/aarch64; without, Debian's source package is fetched.
VIXL ?=
check-vixl: $(O)/mimus $(O)/isa-words
	@$(PYTHON) tests/isa/vixl.py --mimus $(MIMUS) --tool $(O)/isa-words --out $(O)/isa \
	    --source '$(VIXL)'

check-root: $(O)/mimus
	@$(PYTHON) tests/root/run.py --slow $(BOTH) --mimus $(MIMUS) --out $(O)/root

# Needs two roots of 150 packages: not part of check.
check-x264: $(O)/mimus
	@$(PYTHON) tests/root/x264.py --mimus $(MIMUS) --roots $(O)/x264

# Not part of check: large programs and servers, some gigabytes of packages, each LOOPS times.
PROGRAMS ?=
LOOPS    ?= 1
check-programs: $(O)/mimus
	@$(PYTHON) tests/root/run.py --programs --guest $(GUEST) --only '$(PROGRAMS)' --repeat $(LOOPS) \
	    --mimus $(MIMUS) --out $(O)/programs

# The measuring kit itself; `make bench` measures.
check-bench:
	@$(PYTHON) tests/bench/selftest.py $(O)/bench/selftest

# Not part of check. TORTURE is folders like gcc/testsuite/gcc.c-torture/execute of a GCC source tree; by
# default those of Debian's gcc-12-source, the tests that TORTURE_ONLY names.
TORTURE      ?= $$(scripts/gcc-torture)
TORTURE_ONLY ?= ^(2|9)
check-torture: $(O)/mimus
	$(call each_guest,$(PYTHON) tests/torture.py --arch $$arch --mimus $(MIMUS) --out $(O)/torture \
	    --only '$(TORTURE_ONLY)' $(TORTURE))

# Programs of another emulator's suite, from Debian's source package; fetched once. Not part of check.
check-tcg: $(O)/mimus
	$(call each_guest,$(PYTHON) tests/tcg.py --arch $$arch --mimus $(MIMUS) --out $(O)/tcg)

check-fuzz: $(O)/mimus
	@$(PYTHON) tests/fuzz/elf_mutants.py --mimus $(MIMUS) --out $(O)/fuzz

# Random code pages; FUZZ_SECONDS of CPU time. Pieces of a real program are used where one can be built.
FUZZ_SECONDS ?= 20
FUZZ_SEED ?= 1
check-fuzz-code: $(O)/fuzz-code
	@mkdir -p $(O)/fuzz
	@aarch64-linux-gnu-gcc -O2 -static -o $(O)/fuzz/corpus tests/prog/math_funcs.c -lm 2>/dev/null || \
	 { echo 'without pieces of a real program: no aarch64-linux-gnu-gcc'; rm -f $(O)/fuzz/corpus; }
	@$(O)/fuzz-code -t $(FUZZ_SECONDS) -s $(FUZZ_SEED) $$(ls $(O)/fuzz/corpus 2>/dev/null)

# ---- for people ----

demo:
	@sh scripts/setup.sh build
	+@$(MAKE) -j$$(nproc) --no-print-directory $(O)/mimus
	@sh scripts/demo.sh $(O)/mimus

bench: $(O)/mimus
	@ARCH=$(firstword $(ARCH)) sh tests/bench/run.sh $(O)/mimus $(O)/bench $(BENCH)

# make bench-compare OLD=a.json NEW=b.json; without NEW, the last run.
bench-compare:
	@$(PYTHON) tests/bench/bench.py --compare '$(OLD)' '$(or $(NEW),$(O)/bench/result.json)'

setup:
	@sh scripts/setup.sh all

install: all install-man
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install $(STRIP) -m 755 $(O)/mimus '$(DESTDIR)$(PREFIX)/bin/mimus'
	ln -sf mimus '$(DESTDIR)$(PREFIX)/bin/mimus-binfmt'
	install $(STRIP) -m 755 $(O)/mimus-run '$(DESTDIR)$(PREFIX)/bin/mimus-run'
	install $(STRIP) -m 755 $(O)/mimus-img '$(DESTDIR)$(PREFIX)/bin/mimus-img'
	$(if $(QEMU_NAMES),for g in $$($(O)/mimus-binfmt status --json | sed -n 's/.*"arch": "\([^"]*\)".*/\1/p'); do ln -sf mimus "$(DESTDIR)$(PREFIX)/bin/qemu-$$g-static"; done)

# A container image with mimus-binfmt as its entry point: a layout, and a tar for `docker load`.
OCI_ARCH := $(or $(patsubst x86_64,amd64,$(filter x86_64,$(HOST_ARCH))),$(patsubst aarch64,arm64,$(HOST_ARCH)))
oci: $(O)/mimus
	$(Q)strip -o $(O)/mimus.stripped $<
	@$(PYTHON) scripts/oci.py --version $(VERSION) --program $(OCI_ARCH)=$(O)/mimus.stripped --tar $(O)/oci.tar $(O)/oci

# Debian packages, built anew in a copy of the tree, and checked by lintian.
deb:
	@sh scripts/deb.sh $(O)/deb

install-man:
	install -d '$(DESTDIR)$(PREFIX)/share/man/man1' '$(DESTDIR)$(PREFIX)/share/man/man8'
	install -m 644 mimus.1 run/mimus-run.1 system/img/mimus-img.1 '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 644 binfmt/mimus-binfmt.8 '$(DESTDIR)$(PREFIX)/share/man/man8/mimus-binfmt.8'

clean:
	rm -rf '$(O)'

help:
	@sed -n 's/^#   //p' Makefile | head -n 5
	@echo
	@echo "  all            $(O)/mimus, one static program for all guests (default)"
	@echo "  setup          install what is missing with apt"
	@echo "  demo           build, fetch a small arm64 root, run programs of it"
	@echo "  check          all tests, 26 minutes on two busy cores"
	@echo "  check-fast     the tests for every commit, under two minutes"
	@echo "  check-PART     one part: $(CHECK_ALL)"
	@echo "  update-codegen tests/codegen and isa.md anew, for review in the diff"
	@echo "  bench          native / mimus / newest qemu; BENCH='options of bench.py', ARCH=riscv64"
	@echo "  bench-compare  what changed: OLD=a.json NEW=b.json (default: the last run)"
	@echo "  install        to PREFIX (below DESTDIR)"
	@echo "  deb            Debian packages, mimus-user and mimus-binfmt, in $(O)/deb"
	@echo "  oci            a container image that registers mimus: $(O)/oci, $(O)/oci.tar"
	@echo "  clean          remove $(O)"
