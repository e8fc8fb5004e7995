# make fuzz: every tests/fuzz/NAME.c is a libFuzzer target; each runs FUZZ_SECONDS, two at a time. They start from
# tests/fuzz/corpus/NAME; what they find goes to .build/fuzz/corpus, an input that fails to .build/fuzz/NAME-*.
#   FUZZ_WRAP_NAME  functions that the target defines as __wrap_FUNCTION in place of the real ones
#   FUZZ_LEN_NAME   the longest input, where 300 bytes do not hold a whole one

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_SOURCES := $(filter-out src/main.c src/ext/engine%,$(wildcard src/*.c src/*/*.c)) $(wildcard tests/fuzz/lib/*.c)
FUZZ_CFLAGS   = -std=c11 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize-recover=all $(WARNINGS) -Werror -isystem $(shell pg_config --includedir)
FUZZ_WRAP    := msg_secret
FUZZ_WRAP_toc := program_read
FUZZ_WRAP_tar := program_start program_wait
FUZZ_WRAP_tool := child_watch
FUZZ_WRAP_s3 := http_send clock_sleep
FUZZ_LEN_health := 120
FUZZ_LEN_archive := 1200
FUZZ_LEN_tar := 4096
FUZZ_LEN_toc := 1000
FUZZ_LEN_manifest := 1500
FUZZ_LEN_s3 := 1500
FUZZ_LIBS    := -lpq -lsqlite3 -lexpat -llz4 -lcurl -lssl -lcrypto -lz -lzstd

.PHONY: fuzz $(FUZZ_TARGETS:%=fuzz-%)
fuzz: $(FUZZ_TARGETS:%=.build/fuzz/%)
	$(Q)$(MAKE) --no-print-directory -k -j2 $(FUZZ_TARGETS:%=fuzz-%)

.build/fuzz/%.o: %.c Makefile tests/mk/fuzz.mk
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

.build/fuzz/all.a: $(FUZZ_SOURCES:%.c=.build/fuzz/%.o)
	$(Q)clang -c -o .build/fuzz/data.o tests/unit/data.S
	$(Q)rm -f $@ && ar rcs $@ $^ .build/fuzz/data.o

$(FUZZ_TARGETS:%=.build/fuzz/%): .build/fuzz/%: .build/fuzz/tests/fuzz/%.o .build/fuzz/all.a
	@$(if $(Q),echo '  FUZZ $*')
	$(Q)clang -fsanitize=fuzzer,address,undefined $(FUZZ_WRAP:%=-Wl,--wrap=%) $(FUZZ_WRAP_$*:%=-Wl,--wrap=%) -o $@ $^ $(FUZZ_LIBS)

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: .build/fuzz/%
	@mkdir -p .build/fuzz/corpus/$*
	$(Q)if .build/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -max_len=$(or $(FUZZ_LEN_$*),300) -timeout=5 -rss_limit_mb=1024 \
		-artifact_prefix=.build/fuzz/$*- .build/fuzz/corpus/$* tests/fuzz/corpus/$* >.build/fuzz/$*.log 2>&1; \
	then echo "ok 1 - fuzz $*: $$(sed -n 's/^Done \([0-9]*\) runs.*/\1 inputs/p' .build/fuzz/$*.log)"; \
	else tail -n 40 .build/fuzz/$*.log; echo "not ok 1 - fuzz $*"; exit 1; fi

.SECONDARY: $(FUZZ_TARGETS:%=.build/fuzz/tests/fuzz/%.o)
-include $(wildcard .build/fuzz/*/*.d .build/fuzz/*/*/*.d)

# make fuzz-cover NAME=toc FILES='src/dump/toc.c src/restore/subset.c': how many lines of these files the inputs reach that
# are there so far, the seeds and what `make fuzz` has found. Needs Debian's llvm.
COVER_CFLAGS = $(subst address$(comma)undefined -fno-sanitize-recover=all,fuzzer-no-link -fprofile-instr-generate \
               -fcoverage-mapping,$(subst fuzzer-no-link$(comma),,$(FUZZ_CFLAGS)))

.build/cover/%.o: %.c Makefile tests/mk/fuzz.mk
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(COVER_CFLAGS) -c -o $@ $<

.PHONY: fuzz-cover
fuzz-cover: .build/cover/tests/fuzz/$(NAME).o $(FUZZ_SOURCES:%.c=.build/cover/%.o)
	$(Q)clang -c -o .build/cover/data.o tests/unit/data.S
	$(Q)rm -f .build/cover/all.a && ar rcs .build/cover/all.a $(filter-out %/fuzz/$(NAME).o,$^) .build/cover/data.o
	$(Q)clang -fsanitize=fuzzer -fprofile-instr-generate $(FUZZ_WRAP:%=-Wl,--wrap=%) $(FUZZ_WRAP_$(NAME):%=-Wl,--wrap=%) \
		-o .build/cover/$(NAME) $< .build/cover/all.a $(FUZZ_LIBS)
	@mkdir -p .build/fuzz/corpus/$(NAME)
	$(Q)LLVM_PROFILE_FILE=.build/cover/$(NAME).raw .build/cover/$(NAME) -runs=0 -timeout=5 .build/fuzz/corpus/$(NAME) \
		tests/fuzz/corpus/$(NAME) >.build/cover/$(NAME).log 2>&1 || tail -n 5 .build/cover/$(NAME).log
	$(Q)llvm-profdata merge -o .build/cover/$(NAME).profile .build/cover/$(NAME).raw
	$(Q)llvm-cov report .build/cover/$(NAME) -instr-profile=.build/cover/$(NAME).profile $(FILES)
