# make docker: the tests in real containers; tests/docker/run.sh says how one file is run.

DOCKER_TESTS ?= tests/docker $(sort $(wildcard docker/compose/*/))

.PHONY: docker
docker: $(BIN)
	$(Q)tests/docker/run.sh $(BATS_JOBS) $(DOCKER_TESTS)
