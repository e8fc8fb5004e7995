# make bench: figures, and 1 when a bar is missed. SOAK=1: the full series.

.PHONY: bench
bench: $(BIN)
	PGBOX="$(CURDIR)/$(BIN)" python3 tests/bench/waitdb.py
