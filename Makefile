# The commands of this project; what they do is in include/retention/local and .ci (Python, standard library first).
PYTHON ?= python3
BOOTSTRAP = $(PYTHON) include/retention/local/bootstrap.py
LOCAL = PYTHONPATH=include $(PYTHON) -B -m retention.local

.PHONY: run stop status test bench mutants clean lock

run:     # set up, start everything, load the sample company, dispose, verify, report; returns with all of it running
	@$(BOOTSTRAP)
	@.venv/bin/python -m retention.local up

stop:    # stop everything that `make run` started
	@$(LOCAL) down

status:  # which parts run
	@$(LOCAL) status

test:    # set up, then format, lint, import contracts, types, shell, compose file, tests
	@$(BOOTSTRAP) --dev
	@.venv/bin/python .ci/checks.py

bench:   # ratios in one run, written to build/bench.json
	@$(BOOTSTRAP) --dev
	@.venv/bin/python -m benchmarks

mutants: # faults put into disposal, each to be caught by verification; written to build/mutants.json
	@$(BOOTSTRAP) --dev
	@.venv/bin/python -m tests.mutants

clean:   # stop, then remove everything that was made here
	@$(LOCAL) clean

lock:    # compile requirements*.lock again from requirements*.txt
	@$(BOOTSTRAP) --lock
