# make arm64: cross-builds pgbox for arm64 and runs it, by qemu where this machine is another: the tests that need no
# server, and those of tests/pg/smoke.bats, a seed, a backup and a restore.

ARM64_TESTS := $(wildcard tests/cli/*.bats) tests/pg/smoke.bats
ARM64_BIN   := $(if $(filter aarch64,$(shell uname -m)),pgbox,pgbox-aarch64)

.PHONY: arm64 $(ARM64_TESTS:%=arm64-%)
arm64:
	$(Q)./build.sh --target aarch64
	$(Q)tests/arm64.sh $(MAKE) --no-print-directory -k -j2 --output-sync=target $(ARM64_TESTS:%=arm64-%)

$(ARM64_TESTS:%=arm64-%): arm64-%:
	$(Q)PGBOX="$(CURDIR)/$(ARM64_BIN)" $(BATS) $*
