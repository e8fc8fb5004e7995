# What `make test` runs; the parts are targets of their own.
.PHONY: test cli pg
test: cli unit pg

PG_TESTS ?= tests/pg
BATS := bats --print-output-on-failure --timing
# Files side by side, where they have servers of their own and wait more than they work.
BATS_JOBS := --jobs $(shell nproc) --no-parallelize-within-files

cli: $(BIN)
	PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(BATS_JOBS) tests/cli

# The S3 servers are made before the tests that need them, which have but their own time.
pg: $(BIN)
	$(Q)[ -z "$$CI" ] || tools/s3-servers.sh
	PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(BATS_JOBS) $(PG_TESTS)
