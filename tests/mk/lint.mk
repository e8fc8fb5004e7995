# make lint: every source compiles without a warning, for the binary (musl, gcc) and with clang; clang-tidy (.clang-tidy
# says what it looks for) finds nothing; then the rules of tests/lint.sh. What passed once is looked at again when it, a
# header or the rules change.
# make docs: writes each applet's --help into README.md.

# clang reads the host's headers: libpq's are in a folder of their own.
HOST_HEADERS = -isystem $(shell pg_config --includedir)
LINT_STAMPS := $(foreach tool,cc clang tidy,$(SOURCES:%.c=.build/lint/$(tool)/%.o))

.PHONY: lint lint-sources docs
lint: $(BIN)
	$(Q)if $(MAKE) --no-print-directory $(JOBS) -k lint-sources; then echo "ok 0 - the compilers and clang-tidy find nothing"; \
	else echo "not ok 0 - the compilers and clang-tidy find nothing"; bad=1; fi; \
	tests/lint.sh ./$(BIN) && [ -z "$$bad" ]

lint-sources: $(LINT_STAMPS)
$(LINT_STAMPS): $(wildcard src/*/*.h applets/*.h) Makefile tests/mk/lint.mk .clang-tidy

.build/lint/cc/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Werror -c -o $@ $<

.build/lint/clang/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(HOST_HEADERS) -std=c11 -Os $(WARNINGS) -Werror -c -o $@ $<

.build/lint/tidy/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(CPPFLAGS) $(HOST_HEADERS) -std=c11 >$@.log 2>/dev/null || { cat $@.log; exit 1; }
	@touch $@

docs: $(BIN)
	tools/readme.sh ./$(BIN)
