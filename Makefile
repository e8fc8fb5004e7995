# Compiles and links pgbox. ./build.sh calls it, after it has built the libraries; to work on pgbox itself,
# "./build.sh libs" once and then "make" is enough.
#
#   make [V=1] [WERROR=1]           build, check what the linker made of it
#   make size | reproducible | install | rootfs | clean
#   TARGET  x86_64 or aarch64       DEPS  the folder of the libraries (./build.sh --prefix)
#   CA_EXTRA  a PEM file of certificates to believe beside those compiled in

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

TARGET ?= $(shell uname -m)
ifneq ($(MAKECMDGOALS),clean)
ifndef DEPS
DEPS   := $(shell ./build.sh --target $(TARGET) --prefix)
endif
$(if $(wildcard $(DEPS)/versions),,$(error no libraries in '$(DEPS)': run ./build.sh libs first))
endif
comma  := ,
B      := .build/$(TARGET)
BIN    := $(if $(filter $(TARGET),$(shell uname -m)),pgbox,pgbox-$(TARGET))
Q      := $(if $(V),,@)

CC       := $(DEPS)/bin/musl-gcc
OBJCOPY  := $(TARGET)-linux-gnu-objcopy
VERSION  := $(shell cat VERSION)
CPPFLAGS := -D_GNU_SOURCE -DPGBOX_VERSION='"$(VERSION)"' -I. -Isrc
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
            -Wwrite-strings -Wconversion $(if $(WERROR),-Werror)
CFLAGS   := -std=c11 -Os -g -fPIE -ffunction-sections -fdata-sections $(file <$(DEPS)/hardening) \
            -fno-asynchronous-unwind-tables '-ffile-prefix-map=$(CURDIR)=.' $(WARNINGS)
# The wrapper links a static PIE with RELRO and immediate binding.
LDFLAGS  := -Wl,--gc-sections,--build-id=none,--fatal-warnings$(if $(filter x86_64,$(TARGET)),$(comma)-z$(comma)pack-relative-relocs)
LIBS     := -lpgfeutils -lpgcommon -lpgcommon_shlib -lpgport -lpgport_shlib -lcurl -lssl -lcrypto -lsqlite3 -lexpat -lz -lzstd -llz4

SOURCES := $(wildcard src/*.c src/*/*.c src/*/*/*.c applets/*.c)
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/src/ext/data.o

.PHONY: all check-binary size reproducible install rootfs clean
all: check-binary

# Objects of other libraries are never linked: this file changes when DEPS does.
$(shell mkdir -p $(B) && { echo '$(DEPS)' | cmp -s - $(B)/deps || echo '$(DEPS)' >$(B)/deps; })

# Nor are other certificates embedded than those that are to be believed now.
ifneq ($(MAKECMDGOALS),clean)
$(if $(filter-out $(wildcard $(CA_EXTRA)),$(CA_EXTRA)),$(error no file '$(CA_EXTRA)' to take certificates from))
$(shell cat $(DEPS)/ca-bundle.pem $(CA_EXTRA) >$(B)/ca-bundle.new && \
	{ cmp -s $(B)/ca-bundle.new $(B)/ca-bundle.pem || cp $(B)/ca-bundle.new $(B)/ca-bundle.pem; })
endif

$(B)/%.o: %.c Makefile VERSION $(B)/deps
	@mkdir -p $(@D)
	@$(if $(Q),echo '  CC   $<')
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/src/ext/data.o: src/ext/data.S $(B)/licenses.txt $(B)/ca-bundle.pem $(B)/deps
	@mkdir -p $(@D)
	$(Q)$(CC) -Wa,-I,$(B),-I,$(DEPS) -c -o $@ $<

$(B)/licenses.txt: $(B)/deps
	$(Q)while read -r name version; do \
		printf '===== %s %s =====\n\n' "$$name" "$$version"; cat "$(DEPS)/licenses/$$name.txt"; echo; \
	done <$(DEPS)/versions >$@

# PostgreSQL's programs: their calls named in *.syms go to our seams, and all but their mains is hidden.
$(B)/dump.o: MAINS := pg_dump_main pg_restore_main pg_dumpall_main
$(B)/psql.o: MAINS := psql_main psql_scan_slash_option psql_scan psql_scan_create psql_scan_destroy psql_scan_setup \
    psql_scan_finish psql_scan_reset psql_scan_count_copy_from_stdin psql_scan_slash_command_end \
    psql_scan_set_passthrough
$(B)/dump.o $(B)/psql.o: $(B)/%.o: src/ext/seams/%.syms Makefile $(B)/deps
	@$(if $(Q),echo '  SEAM $*')
	$(Q)$(OBJCOPY) --redefine-syms=$< $(MAINS:%=--keep-global-symbol=%) $(WRAP) $(DEPS)/engine/$*.o $@

# A function that psql itself defines: its callers reach seam_NAME, which is NAME under a weak name until a source of
# ours defines it; real_NAME is always the original.
$(B)/psql.o: WRAP := $(foreach f,psql_scan_slash_command,--redefine-sym $f=seam_$f --weaken-symbol=seam_$f \
    --add-symbol real_$f=.text.$f:0,global,function --keep-global-symbol=seam_$f --keep-global-symbol=real_$f)

$(B)/libpq.a: src/ext/seams/libpq.syms $(B)/deps
	@$(if $(Q),echo '  SEAM libpq')
	$(Q)$(OBJCOPY) --redefine-syms=$< $(DEPS)/lib/libpq.a $@

LINKED := $(OBJECTS) $(B)/dump.o $(B)/psql.o
$(B)/pgbox.debug: $(LINKED) $(B)/libpq.a
	@$(if $(Q),echo '  LINK $@')
	$(Q)$(CC) $(LDFLAGS) -Wl,-Map=$(B)/pgbox.map -o $@ $(LINKED) -Wl,--start-group $(B)/libpq.a $(LIBS) -Wl,--end-group

$(BIN): $(B)/pgbox.debug
	$(Q)$(OBJCOPY) --strip-all --remove-section=.comment $< $@

check-binary: $(BIN)
	$(Q)tools/check-binary.sh $(BIN) $(B)/pgbox.debug

size: $(BIN)
	$(Q)awk -f tools/size.awk $(B)/pgbox.map | sort -rn
	@stat -c '%9s %n' $(BIN)

reproducible: $(BIN)
	tools/reproducible.sh $(TARGET)

PREFIX ?= /usr/local
install: $(BIN)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/pgbox

# What docker/Dockerfile puts into the image.
ROOTFS ?= .build/rootfs
rootfs: $(BIN)
	$(Q)rm -rf $(ROOTFS)
	$(Q)install -D -m 755 $(BIN) $(ROOTFS)/pgbox
	$(Q)install -D -m 644 -t $(ROOTFS)/licenses $(DEPS)/licenses/*.txt
	$(Q)mkdir -p $(ROOTFS)/var/lib $(ROOTFS)/bin && for applet in $$(sed -n 's/^APPLET(\(.*\))$$/\1/p' applets/list.h); do \
		ln -s /pgbox $(ROOTFS)/bin/$$applet; done

clean:
	rm -rf .build pgbox pgbox-*

# ---- tests, lint, benchmarks, demo -------------------------------------------------------------------------------

-include $(wildcard tests/mk/*.mk)

-include $(OBJECTS:.o=.d)
