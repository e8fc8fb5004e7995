# make bench: figures, and 1 when a bar is missed. SOAK=1: the full series. BENCH_MB=100: those of s3,
# pgbackup and pgrestore on a database of that size.

.PHONY: bench
bench: $(BIN)
	@status=0; for bench in waitdb healthz pgbackup pgrestore s3; do \
		echo "# $$bench"; \
		PGBOX="$(CURDIR)/$(BIN)" python3 -B tests/bench/$$bench.py || status=1; \
	done; exit $$status
