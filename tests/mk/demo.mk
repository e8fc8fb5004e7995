.PHONY: demo
demo: $(BIN)
	tests/demo.sh $(BIN)
