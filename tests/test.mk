# What `make test` runs; the parts are targets of their own.
.PHONY: test cli pg
test: cli unit pg

PG_TESTS ?= tests/pg
BATS := bats --print-output-on-failure --timing

cli: $(BIN)
	PGBOX="$(CURDIR)/$(BIN)" $(BATS) tests/cli

pg: $(BIN)
	PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(PG_TESTS)
