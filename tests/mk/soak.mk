# The random series in full: `make test` runs a tenth of each. SEED=n repeats one.

SOAK_TESTS := $(shell grep -lE 'SOAK|rounds' tests/*/*.bats)

.PHONY: soak
soak: $(BIN)
	SOAK=1 PGBOX="$(CURDIR)/$(BIN)" $(BATS) $(SOAK_TESTS)
