# make fuzz: every tests/fuzz/NAME.c is a libFuzzer target; each runs FUZZ_SECONDS, two at a time. They start from
# tests/fuzz/corpus/NAME; what they find goes to .build/fuzz/corpus, an input that fails to .build/fuzz/NAME-*.

FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_SOURCES := $(filter-out src/main.c src/ext/engine.c,$(wildcard src/*/*.c))
FUZZ_CFLAGS   = -std=c11 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize-recover=all $(WARNINGS) -Werror -isystem $(shell pg_config --includedir)
FUZZ_LIBS    := -lpq -lsqlite3 -llz4 -lcurl -lssl -lcrypto -lz -lzstd

.PHONY: fuzz $(FUZZ_TARGETS:%=fuzz-%)
fuzz: $(FUZZ_TARGETS:%=.build/fuzz/%)
	$(Q)$(MAKE) --no-print-directory -j2 $(FUZZ_TARGETS:%=fuzz-%)

.build/fuzz/%.o: %.c Makefile tests/fuzz.mk
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

.build/fuzz/all.a: $(FUZZ_SOURCES:%.c=.build/fuzz/%.o)
	$(Q)clang -c -o .build/fuzz/data.o tests/unit/data.S
	$(Q)rm -f $@ && ar rcs $@ $^ .build/fuzz/data.o

$(FUZZ_TARGETS:%=.build/fuzz/%): .build/fuzz/%: .build/fuzz/tests/fuzz/%.o .build/fuzz/all.a
	@$(if $(Q),echo '  FUZZ $*')
	$(Q)clang -fsanitize=fuzzer,address,undefined -Wl,--wrap=msg_secret -o $@ $^ $(FUZZ_LIBS)

$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: .build/fuzz/%
	@mkdir -p .build/fuzz/corpus/$*
	$(Q)if .build/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -max_len=300 -timeout=5 -rss_limit_mb=1024 \
		-artifact_prefix=.build/fuzz/$*- .build/fuzz/corpus/$* tests/fuzz/corpus/$* >.build/fuzz/$*.log 2>&1; \
	then echo "ok 1 - fuzz $*: $$(sed -n 's/^Done \([0-9]*\) runs.*/\1 inputs/p' .build/fuzz/$*.log)"; \
	else tail -n 40 .build/fuzz/$*.log; echo "not ok 1 - fuzz $*"; exit 1; fi

.SECONDARY: $(FUZZ_TARGETS:%=.build/fuzz/tests/fuzz/%.o)
-include $(wildcard .build/fuzz/*/*.d .build/fuzz/*/*/*.d)
