# The random series in full, of which `make test` runs a tenth, and the unit tests against 200 changes of what they test
# (mutants.mk). SEED=n repeats one.

SOAK_TESTS := $(shell grep -lE 'SOAK|rounds' tests/*/*.bats)

.PHONY: soak soak-series
soak:
	$(Q)$(MAKE) --no-print-directory -k soak-series mutants

soak-series: $(BIN)
	SOAK=1 PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(SOAK_TESTS)
