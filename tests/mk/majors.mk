# make majors: the server tests against the other majors that pgbox supports; the default run is against this Debian's
# own. Where a server cannot be made, as without a network, its tests are skipped with the reason; in CI they fail.

MAJORS := 13 17 18
# What kills, fills disks, waits for clocks, loses servers, reads damaged files and goes to terminals, buckets and
# containers is the same on every server.
MAJORS_SAME  := kill full daemon pooler hostile damage structure s3 watch drop containers lost runs
MAJORS_TESTS ?= $(filter-out $(addprefix %-,$(addsuffix .bats,$(MAJORS_SAME))) tests/pg/hints.bats,$(wildcard tests/pg/*.bats))

.PHONY: majors $(MAJORS:%=pg-%)
majors: $(MAJORS:%=pg-%)

$(MAJORS:%=pg-%): pg-%: $(BIN)
	$(Q)if tools/servers.sh $*; then \
		PG_BIN=$$(tools/servers.sh --bin $*) PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(BATS_JOBS) $(MAJORS_TESTS); \
	elif [ -n "$$CI" ]; then \
		exit 1; \
	else \
		echo "skipped: the tests against PostgreSQL $*"; \
	fi
