# Totem. One file, not recursive but for other variants of the same targets. `make help` lists the targets.
#
#   make Q=             shows every command
#   make V=asan unit    another variant: debug release asan tsan cov fuzz analyze
#   make CC=clang unit  another compiler (its own folder)
#   make T=db unit      only what matches
#   make JOBS=1         one after the other
#
# Everything made is below build/: build/gen (sources), build/$(V) (objects), build/vendor (flags of the libraries).

.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.DEFAULT_GOAL := all

V ?= debug
Q ?= @
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
# Parallel without being asked (JOBS=1: not). A -j of the command line is not visible here; JOBS wins.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif

VARIANTS := debug release asan tsan cov fuzz analyze
ifeq ($(filter $(V),$(VARIANTS)),)
$(error V=$(V): the variants are $(VARIANTS))
endif

# --- compiler and flags ---------------------------------------------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(V),fuzz)
CC := clang
endif
CLANG := $(findstring clang,$(notdir $(firstword $(CC))))
# $(1): variant. Clang's objects do not mix with gcc's; fuzz is always clang's.
folder = build/$(1)$(if $(CLANG),$(if $(filter fuzz,$(1)),,-clang))
B := $(call folder,$(V))
# Which build of the libraries a variant links.
vendor_of = build/vendor/$(if $(filter asan tsan fuzz,$(1)),$(1),release)$(if $(filter asan tsan,$(1)),$(if $(CLANG),-clang))

probe = $(shell echo 'int x;' | $(CC) -Werror $(1) -x c -c -o /dev/null - 2>/dev/null && echo '$(1)')

WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla -Walloca -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls \
	-Wnested-externs -Wdate-time -Wdouble-promotion -Wswitch-enum -Wnull-dereference -fno-common
ifneq ($(CLANG),)
WARN += -Wthread-safety -Wcomma -Wassign-enum
else
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wformat-signedness -Wimplicit-fallthrough=5 \
	-Wcast-align=strict
endif

COMMON := -std=gnu17 -D_GNU_SOURCE $(WARN) -g -fPIE -pthread -fno-strict-overflow -fno-delete-null-pointer-checks
HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
	$(call probe,-fcf-protection=full) $(call probe,-mbranch-protection=standard) \
	$(call probe,-ftrivial-auto-var-init=zero) $(call probe,-fstrict-flex-arrays=3)
SANITIZE := -O1 -Werror -DTOTEM_TEST -U_FORTIFY_SOURCE -fno-omit-frame-pointer -fno-sanitize-recover=all

CFLAGS_debug   := -Og -Werror -DTOTEM_TEST
# No unwind tables for our own code: nothing unwinds it (no exceptions, no cancelled threads), and they are a part of the 12 MB.
CFLAGS_release := -O2 $(HARDEN) -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables
CFLAGS_asan    := $(SANITIZE) -fsanitize=address,undefined
CFLAGS_tsan    := $(SANITIZE) -fsanitize=thread
CFLAGS_cov     := -O0 -Werror -DTOTEM_TEST --coverage
CFLAGS_fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined
CFLAGS_analyze := -O1 -DTOTEM_TEST -fanalyzer
# gcc sees NULL on paths that the sanitizers' own checks make; the other variants keep these warnings.
ifeq ($(CLANG),)
CFLAGS_asan += -Wno-null-dereference -Wno-maybe-uninitialized
CFLAGS_tsan += -Wno-null-dereference -Wno-maybe-uninitialized -Wno-tsan
endif
ifneq ($(CI),)
CFLAGS_release += -Werror
endif

# The many programs of the tests are linked by a linker that needs a third of the time, where it is installed; the release is not.
FAST_LD := $(if $(shell command -v ld.lld),-fuse-ld=lld)

LDFLAGS_all     := -pie -pthread
# The Kafka bridge comes later; its library is in from the start, so that size and symbols are known.
LDFLAGS_release := -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--undefined=rd_kafka_new
LDFLAGS_debug   := $(FAST_LD)
LDFLAGS_asan    := $(FAST_LD) -fsanitize=address,undefined
LDFLAGS_tsan    := $(FAST_LD) -fsanitize=thread
LDFLAGS_cov     := $(FAST_LD) --coverage
LDFLAGS_fuzz    := $(FAST_LD) -fsanitize=address,undefined

# --- sources --------------------------------------------------------------------------------------------------------

LAYERS    := base io store peer flow api cli
GEN_io    := build/gen/queries.c $(if $(wildcard app/tools/embed.c),build/gen/assets.c)
TEST_LIB  := $(wildcard tests/*.c)
UNIT      := $(wildcard tests/unit/test_*.c)
PEERS     := $(wildcard tests/peers/*.c)
LOAD      := $(wildcard tests/bench/load*.c) $(wildcard tests/peers/util.c)
SIM       := $(wildcard tests/sim/*.c)
FUZZ      := $(wildcard tests/fuzz/fuzz_*.c)
SCENARIOS := $(wildcard tests/scenario/*.scn)
HOST_TOOL := $(wildcard app/tools/*.c)
# A crowded layer has folders of its own.
of_layer   = $(wildcard app/$(1)/*.c app/$(1)/*/*.c)
APP_SRC   := $(foreach l,$(LAYERS),$(call of_layer,$(l)))
OWN_SRC   := $(APP_SRC) $(TEST_LIB) $(UNIT) $(SIM) $(PEERS) $(wildcard tests/bench/*.c)
OWN_ALL   := $(OWN_SRC) $(FUZZ) $(HOST_TOOL) $(wildcard app/*/*.h app/*/*/*.h tests/*.h tests/*/*.h tests/attack/*.c)

# Folders are prerequisites too: a file that goes away changes them.
QUERIES    := $(wildcard db/queries db/queries/*.sql db/migrations db/migrations/*.sql)
WEB        := $(shell find web -not -path '*/node_modules*' 2>/dev/null | grep -v ' ')
VENDOR_SRC := $(shell find vendor -type f ! -name '*.md' 2>/dev/null)

# --- generators -----------------------------------------------------------------------------------------------------

HOSTCC ?= $(CC)
quiet = @printf '  %-8s %s\n' $(1) $(2)

build/tools/%: app/tools/%.c
	$(call quiet,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu17 -D_GNU_SOURCE -O1 -g $(WARN) -o $@ $<

# Outputs are only touched when they change; the stamp is what make looks at.
build/gen/queries.stamp: build/tools/sqlgen $(QUERIES)
	$(call quiet,GEN,$(@D)/queries.c)
	@mkdir -p $(@D)
	$(Q)build/tools/sqlgen db/queries db/migrations build/gen/queries.h build/gen/queries.c
	@touch $@
build/gen/queries.h build/gen/queries.c: build/gen/queries.stamp ;

# The page's packages, by name and version from web/package.json; they live outside of web/. NPM_OMIT=: those of its tests too.
build/web/modules.stamp: web/package.json web/package-lock.json web/.npmrc
	$(call quiet,NPM,$(@D)/node_modules)
	@mkdir -p $(@D)
	$(Q)cp web/package.json web/package-lock.json web/.npmrc $(@D)/
	$(Q)cd $(@D) && npm ci --ignore-scripts --omit=dev --loglevel=error
	@touch $@
build/web/dev.stamp: build/web/modules.stamp
	$(call quiet,NPM,$(@D)/node_modules of the tests)
	$(Q)cd $(@D) && npm ci --ignore-scripts --loglevel=error
	@touch $@
build/web/dist.stamp: build/web/modules.stamp $(WEB)
	$(call quiet,WEB,$(@D)/dist)
	$(Q)node web/build.mjs build/web/dist build/web/node_modules
	@touch $@

build/gen/assets.stamp: build/tools/embed build/web/dist.stamp $(wildcard packaging/n8n/*.json)
	$(call quiet,GEN,$(@D)/assets.c)
	@mkdir -p $(@D)
	$(Q)build/tools/embed build/gen/assets.c build/web/dist '' packaging/n8n /n8n
	@touch $@
build/gen/assets.c: build/gen/assets.stamp ;

# Which commit this is; without git there is no file and the program says "unknown".
build/gen/git_version.h: FORCE
	@mkdir -p $(@D)
	@text=$$(git describe --always --dirty --tags 2>/dev/null) && \
	printf '/* Made by make. */\n#define TOTEM_GIT "%s"\n' "$$text" >$@.new || : >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# The libraries: vendor/build.sh keeps them in a cache outside the tree and prints where.
build/vendor/%/compile.flags: $(VENDOR_SRC)
	$(call quiet,VENDOR,$*)
	@mkdir -p $(@D)/gen
	$(Q)prefix=$$(CC='$(CC)' vendor/build.sh --variant $(patsubst %-clang,%,$*) | tail -n 1) && [ -n "$$prefix" ] && \
	cp "$$prefix/link.flags" $(@D)/link.flags && cp "$$prefix/versions.h" $(@D)/gen/vendor_versions.h && \
	cp "$$prefix/compile.flags" $@

# --- one variant ----------------------------------------------------------------------------------------------------
# $(1): variant  $(2): its folder  $(3): folder with the libraries' flags

FORCE:

define variant
# Changed flags rebuild the variant.
$(2)/flags: FORCE
	@mkdir -p $(2)
	@echo '$(CC) $(COMMON) $(CFLAGS_$(1)) $(LDFLAGS_$(1))' | cmp -s - $$@ || \
		echo '$(CC) $(COMMON) $(CFLAGS_$(1)) $(LDFLAGS_$(1))' >$$@

$(2)/%.o: %.c $(2)/flags $(3)/compile.flags | build/gen/queries.h build/gen/git_version.h
	$$(call quiet,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(COMMON) $$(CFLAGS_$(1)) -Iapp -Ibuild -I$(3) -Itests $$(INC) @$(3)/compile.flags -MMD -MP -c -o $$@ $$<

$(2)/tests/peers/%.o $(2)/tests/bench/%.o: INC := -Itests/peers

$(2)/gen/%.o: build/gen/%.c $(2)/flags $(3)/compile.flags | build/gen/queries.h
	$$(call quiet,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(COMMON) $$(CFLAGS_$(1)) -Iapp -Ibuild -MMD -MP -c -o $$@ $$<

$(foreach l,$(LAYERS),$(call layer,$(2),$(l)))

$(2)/libt.a: $(TEST_LIB:%.c=$(2)/%.o)
	$$(call quiet,AR,$$@)
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && ar rcsDT $$@ $$(filter %.o,$$^)

$(2)/totem: $(2)/app/cli/main.o $(foreach l,$(LAYERS),$(2)/lib$(l).a) $(3)/compile.flags
	$$(call quiet,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_all) $$(LDFLAGS_$(1)) -o $$@ $(2)/app/cli/main.o $$(call group,$(2),$$(LAYERS)) @$(3)/link.flags

$(2)/sim: $(SIM:%.c=$(2)/%.o) $(2)/libt.a $(foreach l,$(LAYERS),$(2)/lib$(l).a) $(3)/compile.flags
	$$(call quiet,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_all) $$(LDFLAGS_$(1)) -o $$@ $(SIM:%.c=$(2)/%.o) $(2)/libt.a $$(call group,$(2),$$(LAYERS)) @$(3)/link.flags

# Doubles of the peers and the load generator: nothing of the app is in them.
$(2)/peers: $(PEERS:%.c=$(2)/%.o)
$(2)/load: $(LOAD:%.c=$(2)/%.o)
$(2)/peers $(2)/load: $(3)/compile.flags
	$$(call quiet,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS_all) $$(LDFLAGS_$(1)) -o $$@ $$(filter %.o,$$^) @$(3)/link.flags

$(foreach f,$(FUZZ),$(call fuzz,$(1),$(2),$(3),$(basename $(notdir $(f)))))
$(foreach u,$(UNIT),$(call unit,$(1),$(2),$(3),$(basename $(notdir $(u))),$(call layers_below,$(u))))
-include $(shell find $(2) -name '*.d' 2>/dev/null)
endef

# $(1): folder  $(2): layer. Thin archives: a link takes what it needs, the simulator's own clock wins over ours.
define layer

$(1)/lib$(2).a: $(patsubst %.c,$(1)/%.o,$(filter-out app/cli/main.c,$(call of_layer,$(2)))) $(patsubst build/gen/%.c,$(1)/gen/%.o,$(GEN_$(2)))
	$$(call quiet,AR,$$@)
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@ && ar rcsDT $$@ $$(filter %.o,$$^)

endef

group = -Wl,--start-group $(foreach l,$(2),$(1)/lib$(l).a) -Wl,--end-group

# The layer of a test's file and all below it: work on a high layer does not stop the tests of a low one.
layer_of = $(word 2,$(subst /, ,$(firstword $(foreach l,$(LAYERS),$(filter %/$(1).c,$(call of_layer,$(l)))))))
upto = $(if $(1),$(if $(filter $(1),$(firstword $(2))),$(firstword $(2)),$(firstword $(2)) $(call upto,$(1),$(wordlist 2,99,$(2)))),$(2))
below_schema := base io
below_queries := base io
below_db_disk := base io
subject = $(patsubst test_%,%,$(basename $(notdir $(1))))
layers_below = $(or $(below_$(call subject,$(1))),$(sort io $(call upto,$(call layer_of,$(call subject,$(1))),$(LAYERS))))

# $(4): name  $(5): layers
define unit

$(2)/unit/$(4): $(2)/tests/unit/$(4).o $(2)/libt.a $(foreach l,$(5),$(2)/lib$(l).a) $(3)/compile.flags
	$$(call quiet,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS_all) $$(LDFLAGS_$(1)) -o $$@ $$< $(2)/libt.a $$(call group,$(2),$(5)) @$(3)/link.flags

endef

define fuzz

$(2)/fuzz/$(4): $(2)/tests/fuzz/$(4).o $(foreach l,$(LAYERS),$(2)/lib$(l).a) $(3)/compile.flags
	$$(call quiet,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS_all) -fsanitize=fuzzer $$(LDFLAGS_$(1)) -o $$@ $$< $$(call group,$(2),$$(LAYERS)) @$(3)/link.flags

endef

$(foreach v,$(sort release $(V)),$(eval $(call variant,$(v),$(call folder,$(v)),$(call vendor_of,$(v)))))

# Those whose name contains $(T); all without T. ONLY: exact names.
chosen = $(if $(T),$(foreach f,$(1),$(if $(findstring $(T),$(notdir $(f))),$(f))),$(if $(ONLY),$(filter $(ONLY:%=tests/unit/%.c),$(1)),$(1)))
UNIT_BINS := $(patsubst %,$(B)/unit/%,$(basename $(notdir $(call chosen,$(UNIT)))))
FUZZ_BINS := $(patsubst %,build/fuzz/fuzz/%,$(basename $(notdir $(call chosen,$(FUZZ)))))

# --- use ------------------------------------------------------------------------------------------------------------

.PHONY: deb dist cross docs check-install check-deb all run demo dev dev-free web-check e2e test check lint unit scenario golden integration attack crash torture bench swap asan tsan \
	test-n8n peers check-peers fuzz fuzz-bins clang cov tidy cppcheck analyze format compdb deps clean schema gaps help FORCE objects

all: build/totem ## release binary build/totem

build/totem: $(call folder,release)/totem
	$(call quiet,STRIP,$@)
	$(Q)strip -o $@.new $< && mv $@.new $@

run: ## install what is missing, build, start the box
	@vendor/deps.sh --install run
	@$(MAKE) --no-print-directory all
	@exec build/totem serve

demo: ## the box with doubles of its peers and a trickle of customers
	@vendor/deps.sh --install demo
	@$(MAKE) --no-print-directory all peers
	@tests/hook.sh demo '$(wildcard tests/demo.sh)' tests/demo.sh build/totem $(B)

dev: build/web/modules.stamp ## the page before a running box (BOX=http://127.0.0.1:8080): saves rebuild and reload
	@node web/dev.mjs build/web/node_modules build/web/dev $(or $(BOX),http://127.0.0.1:8080) $(or $(PORT),8090)

dev-free: $(B)/totem ## debug build with a free port and a throw-away folder
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && $(B)/totem serve --data "$$dir" --listen 127.0.0.1:0 --hooks-listen 127.0.0.1:0

# --- packages -------------------------------------------------------------------------------------------------------

VERSION := $(shell sed -n 's/.*TOTEM_VERSION *"\(.*\)".*/\1/p' app/base/version.h)
DEB_ARCH := $(shell dpkg --print-architecture 2>/dev/null || echo amd64)

# ARCH=arm64: the program is made by Debian's cross compiler (packaging/cross.sh).
ifneq ($(filter-out $(DEB_ARCH),$(ARCH)),)
deb dist: cross
packaged = build/cross-$(ARCH)/tree/build/totem
else
deb dist: build/totem
packaged = build/totem
endif
PKG_ARCH = $(or $(ARCH),$(DEB_ARCH))

deb: ## build/totem_VERSION_ARCH.deb (ARCH=arm64: for that processor)
	@packaging/deb.sh $(packaged) $(PKG_ARCH) $(VERSION) build/totem_$(VERSION)_$(PKG_ARCH).deb

dist: ## build/totem-VERSION-linux-ARCH.tar.xz: the program, its units and documents (ARCH as above)
	@packaging/dist.sh $(packaged) $(PKG_ARCH) $(VERSION) build

cross: ## the program for ARCH=arm64, in build/cross-ARCH
	@vendor/deps.sh --install run
	@packaging/cross.sh $(ARCH) >/dev/null

docs: build/totem ## completions, man page and example settings, as the program's tables say
	@build/totem help --bash >packaging/completion/totem.bash
	@build/totem help --zsh >packaging/completion/_totem
	@build/totem init --print >packaging/totem.conf.example
	@build/totem help --man >build/man.part && awk '/^\.SH /{skip = ($$0 == ".SH COMMANDS"); if (skip) while ((getline l <"build/man.part") > 0) print l} !skip' \
		packaging/man/totem.1 >build/totem.1 && mv build/totem.1 packaging/man/totem.1

check-install: deb ## the package in a clean system: installed, upgraded, removed, purged (long; as root)
	@vendor/deps.sh --install install
	@packaging/check-install.sh build/totem_$(VERSION)_$(DEB_ARCH).deb $(ARGS)

check-deb: deb ## the package by itself: content, lintian where there is one, units
	@packaging/check-deb.sh build/totem_$(VERSION)_$(DEB_ARCH).deb

# --- tests ----------------------------------------------------------------------------------------------------------

test: ## everything, from a bare system; last line: N passed, N failed
	@vendor/deps.sh --install test browser
	@tests/run.sh test

check: ## what a commit needs: lint unit scenario golden
	@tests/run.sh check

web-check: build/web/dev.stamp ## types of the page; all languages have the same keys
	@build/web/node_modules/.bin/tsc -p web && echo '1 passed, 0 failed'

e2e: build/totem build/web/dev.stamp ## the page in a real browser against the doubles (ARGS='word...': single tests)
	@vendor/deps.sh --install run browser
	@$(MAKE) --no-print-directory -s V=release peers
	@node tests/e2e/run.mjs $(ARGS)

lint: build/gen/queries.h ## rules of the house, each proven by a planted violation
	@if [ '$(V)' = debug ]; then $(MAKE) --no-print-directory -k objects >/dev/null 2>&1 || true; fi
	@tests/lint/run.sh $(B)

objects: $(APP_SRC:%.c=$(B)/%.o)

unit: $(UNIT_BINS) ## unit tests (T=word: only matching files)
	@$(if $(filter tsan,$(V)),TSAN_OPTIONS=$${TSAN_OPTIONS:-halt_on_error=1:suppressions=$(CURDIR)/tests/tsan.supp}) tests/unit.sh $(UNIT_BINS)

scenario: $(if $(SIM),$(B)/sim) ## the program over a scripted world
	@tests/hook.sh scenario '$(SIM)' tests/scenario/run.sh $(B)/sim $(SCENARIOS)

golden: $(B)/unit/test_golden ## real payloads, byte for byte (also a part of unit)
	@tests/golden/run.sh $(B)

peers: $(B)/peers $(B)/load ## doubles of the peers and the load generator, in build/$(V)
check-peers: peers ## the doubles behave as their README says
	@python3 tests/peers/test_peers.py $(B)

integration: $(if $(filter debug release,$(V)),build/totem,$(B)/totem) $(call folder,release)/peers $(call folder,release)/load ## the real binary against local doubles of its peers
	@tests/hook.sh integration '$(wildcard tests/integration/run.py)' python3 tests/integration/run.py $< $(call folder,release) $(ARGS)

test-n8n: build/totem $(call folder,release)/peers ## our workflows in the real n8n (npm registry, about 2.3 GB once; not part of test)
	@python3 tests/n8n/run.py build/totem $(call folder,release) $(ARGS)

attack: $(call vendor_of,release)/compile.flags ## hostile clients against the embedded server and its patches
	@prefix=$$(sed 's/^-isystem \(.*\)\/include$$/\1/' $<) && TOTEM_PREFIX=$$prefix tests/attack/run.sh

crash: build/totem $(call folder,release)/peers $(call folder,release)/load ## kill -9 under load (N=100 times)
	@tests/hook.sh crash '$(wildcard tests/crash/run.py)' python3 tests/crash/run.py build/totem $(call folder,release) $(or $(N),100) $(ARGS)

torture: ## kill -9 a thousand times (failing writes and syncs are in `make T=fault unit`)
	@$(MAKE) --no-print-directory crash N=1000

swap: build/totem $(call folder,release)/load ## a 1 GB box moves to a blank machine by backup and passphrase, timed and compared (about 2 minutes)
	@python3 tests/bench/swap.py build/totem $(call folder,release) $(ARGS)

bench: build/totem $(call folder,release)/peers $(call folder,release)/load ## throughput and latency (ARGS=--smoke: short)
	@tests/hook.sh bench '$(wildcard tests/bench/run.py)' python3 tests/bench/run.py build/totem $(call folder,release) $(ARGS)

asan: ## unit and scenario with address and undefined-behaviour checks
	@tests/run.sh asan

tsan: ## unit and scenario with race checks
	@tests/run.sh tsan

fuzz-bins: $(FUZZ_BINS)
fuzz: ## each fuzz target for N=30 seconds, or for N=100000x inputs (the same ones each time)
	@$(MAKE) --no-print-directory V=fuzz T='$(T)' fuzz-bins
	@tests/fuzz.sh $(or $(N),30) $(FUZZ_BINS)

clang: ## the second compiler: everything compiles and the unit tests pass
	@$(MAKE) --no-print-directory CC=clang V=debug unit

cov: ## line and branch coverage per file
	@find build/cov -name '*.gcda' -delete 2>/dev/null || true
	@$(MAKE) --no-print-directory V=cov unit scenario
	@tests/cov.sh build/cov

tidy: compdb ## clang-tidy over our code
	@tests/tidy.sh $(APP_SRC)

cppcheck: build/gen/queries.h ## cppcheck over our code
	@tests/cppcheck.sh $(APP_SRC)

analyze: ## gcc -fanalyzer over our code (advisory)
	@$(MAKE) --no-print-directory -k V=analyze CC=gcc objects

format: ## clang-format, in place
	$(Q)clang-format -i $(OWN_ALL)

schema: $(B)/unit/test_schema ## write db/schema.sql from the migrations, and the sums of new ones
	@for f in db/migrations/*.sql; do grep -qs " $$f\$$" db/migrations.sum || sha256sum $$f | tr -s ' ' >>db/migrations.sum; done
	@TOTEM_SCHEMA_WRITE=db/schema.sql $(B)/unit/test_schema

gaps: ## known gaps, as written in the code
	@grep -rn 'GAP:' app db tests --include='*.[ch]' --include='*.sql' --include='*.def' || echo 'no gaps'

compdb: build/compile_commands.json ## build/compile_commands.json for editors and clang-tidy
build/compile_commands.json: Makefile $(call vendor_of,debug)/compile.flags build/gen/queries.h FORCE
	@tests/compdb.sh '$(CC) $(filter-out -W%,$(COMMON) $(CFLAGS_debug)) -Iapp -Ibuild -I$(call vendor_of,debug) -Itests' \
		$(call vendor_of,debug)/compile.flags $(OWN_SRC) $(FUZZ) >$@.new && mv $@.new $@

deps: ## install the packages that building and testing need
	@vendor/deps.sh --install test

clean: ## remove build/ (the libraries stay in their cache)
	$(Q)rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'
