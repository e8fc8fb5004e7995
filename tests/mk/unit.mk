# make unit: every tests/unit/ROOM/test_NAME.c, of src/ROOM/NAME.c, is a program; gcc and clang build each with the address and
# undefined behaviour sanitizers, against Debian's libraries, and it runs with leak detection. Programs whose sources have not
# changed are not built again; all are run. Where a test fails, what the sanitizers say of the rest is left out.
#   UNIT_WRAP_NAME  functions that tests/unit/s3_memory.c defines as __wrap_FUNCTION in place of the real ones, for test_NAME

UNIT_FILES   := $(sort $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c))
UNIT_TESTS   := $(patsubst test_%.c,%,$(notdir $(UNIT_FILES)))
UNIT_SOURCES := $(filter-out src/main.c src/ext/engine%,$(wildcard src/*.c src/*/*.c)) tests/unit/unit.c tests/unit/engine.c \
                $(wildcard tests/unit/s3_memory*.c)
# Not -O0: it hides what only optimised code does wrong; not -Os, for readable stacks.
UNIT_CFLAGS   = -std=c11 -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
                $(WARNINGS) -Werror -isystem $(shell pg_config --includedir)
UNIT_WRAP_S3 := http_send clock_sleep clock_ms clock_after clock_left
$(foreach name,bucket bucket_fetch bucket_put bucket_read multipart read request write,$(eval UNIT_WRAP_$(name) := $(UNIT_WRAP_S3)))
UNIT_LIBS    := -lcmocka -lpq -lsqlite3 -lexpat -llz4 -lcurl -lssl -lcrypto -lz -lzstd

.PHONY: unit unit-gcc unit-clang

# $(call UNIT_RULES,COMPILER)
define UNIT_RULES
unit-$1: $(UNIT_TESTS:%=unit-$1-%)

.build/unit-$1/%.o: %.c Makefile tests/mk/unit.mk
	@mkdir -p $$(@D)
	$$(Q)$1 $$(CPPFLAGS) -Itests/unit $$(UNIT_CFLAGS) -MMD -MP -c -o $$@ $$<

.build/unit-$1/data.o: tests/unit/data.S
	@mkdir -p $$(@D)
	$$(Q)$1 -c -o $$@ $$<

.build/unit-$1/all.a: $(UNIT_SOURCES:%.c=.build/unit-$1/%.o) .build/unit-$1/data.o
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

$$(UNIT_TESTS:%=.build/unit-$1/test_%): .build/unit-$1/test_%: .build/unit-$1/all.a
	@$$(if $$(Q),echo '  TEST $1 $$*')
	$$(Q)$1 -fsanitize=address,undefined $$(UNIT_WRAP_$$*:%=-Wl,--wrap=%) -o $$@ $$(filter %.o,$$^) $$< $$(UNIT_LIBS)

.PHONY: $(UNIT_TESTS:%=unit-$1-%)
$(UNIT_TESTS:%=unit-$1-%): unit-$1-%: .build/unit-$1/test_%
	$$(Q)ASAN_OPTIONS=detect_leaks=1 timeout 60 $$< >$$<.tap 2>&1; status=$$$$?; \
		sed -n '/^1\.\.[0-9]*$$$$/d; s/^\(.*ok [0-9]* - \)/\1$1, $$*: /; /^# not ok/q; p' $$<.tap; exit $$$$status

$(foreach file,$(UNIT_FILES),$(eval .build/unit-$1/$(basename $(notdir $(file))): .build/unit-$1/$(file:.c=.o)))

.SECONDARY: $(UNIT_TESTS:%=.build/unit-$1/test_%) $(UNIT_FILES:%.c=.build/unit-$1/%.o)
-include $$(wildcard .build/unit-$1/*/*.d .build/unit-$1/*/*/*.d .build/unit-$1/*/*/*/*.d)
endef
$(eval $(call UNIT_RULES,gcc))
$(eval $(call UNIT_RULES,clang))

# As many jobs as there are processors, unless make was told how many.
JOBS = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
unit:
	$(Q)$(MAKE) --no-print-directory $(JOBS) unit-gcc unit-clang
