# make mutants: changes one operator, constant or return of a pure file at a time, runs its unit tests, and lists the
# changes that no test notices; tests/mutants.py says how. It fails when less than 90 % of them are noticed.
#   MUTANTS=200   how many, drawn by SEED, which is printed: SEED=n draws the same again
#   FILES='src/db/url.c ...'   of these files only

MUTANTS ?= 200
# Optimised, so that a change that changes nothing gives the same object and is known by it.
MUTANT_CFLAGS  = -std=c11 -O1 -w $(CPPFLAGS) -Itests/unit -isystem $(shell pg_config --includedir)
MUTANT_SOURCES := $(filter-out src/main.c src/ext/engine%,$(wildcard src/*.c src/*/*.c)) tests/unit/unit.c tests/unit/engine.c \
                  $(wildcard tests/unit/s3_memory*.c)
MUTANT_TESTS   := $(wildcard tests/unit/test_*.c tests/unit/*/test_*.c)

.PHONY: mutants mutants-objects
mutants:
	$(Q)$(MAKE) --no-print-directory $(JOBS) mutants-objects
	$(Q)CFLAGS='$(MUTANT_CFLAGS)' LIBS='$(UNIT_LIBS)' \
		$(foreach test,$(UNIT_TESTS),$(if $(UNIT_WRAP_$(test)),WRAP_$(test)='$(UNIT_WRAP_$(test):%=-Wl,--wrap=%)')) \
		tests/mutants.py $(MUTANTS) '$(SEED)' $(FILES)

mutants-objects: .build/mutants/all.a $(MUTANT_TESTS:%.c=.build/mutants/%.o)

.build/mutants/%.o: %.c Makefile tests/mk/mutants.mk
	@mkdir -p $(@D)
	$(Q)gcc $(MUTANT_CFLAGS) -MMD -MP -c -o $@ $<

.build/mutants/all.a: $(MUTANT_SOURCES:%.c=.build/mutants/%.o)
	$(Q)gcc -c -o .build/mutants/data.o tests/unit/data.S
	$(Q)rm -f $@ && ar rcs $@ $^ .build/mutants/data.o

-include $(wildcard .build/mutants/*/*.d .build/mutants/*/*/*.d .build/mutants/*/*/*/*.d)
