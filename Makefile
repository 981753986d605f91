# Everything goes through the doors of the rooms: `python -m ROOM --help`.

PYTHON ?= python3
VENV := .venv/bin/python
SETUP := @$(PYTHON) -m deploy.setup
ROOMS := bench deploy desk exam_graph grading keeper local_providers records robot_student token_api worker

.DEFAULT_GOAL := help
.PHONY: help setup exam dev console doctor test test-fast check faults bench audit sbom clean

help: ## Show what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Get everything a fresh clone needs (quick when nothing has changed)
	$(SETUP) python page livekit

exam: setup ## Hold an exam on this machine [EXAM=id] [STUDENT=robot] [WORKERS=n]
	@$(VENV) -m deploy exam $(if $(EXAM),--exam $(EXAM)) $(if $(STUDENT),--student $(STUDENT)) $(if $(WORKERS),--workers $(WORKERS))

dev: setup ## The same, with a worker that restarts when a file changes [EXAM=id]
	@$(VENV) -m deploy dev $(if $(EXAM),--exam $(EXAM))

console: ## An exam at this terminal, by voice or typed [EXAM=id] [TEXT=1]
	$(SETUP) python
	@$(VENV) -m deploy console $(if $(EXAM),--exam $(EXAM)) $(if $(TEXT),--text)

doctor: ## Check all that exams need, and say what is to be mended [JSON=1]
	$(SETUP) python
	@$(VENV) -m deploy doctor $(if $(JSON),--json)

test: ## The tests: real livekit-server, real speech, real browser, real Postgres
	$(SETUP) python page livekit-server chromium postgresql faketime
	@cd web && npm test
	@$(VENV) -m pytest -n auto -m "(unit or flow) and not needs_key" tests/unit tests/flow tests/security
	@$(VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "(live or browser) and not needs_key and not slow_fault and not alone" tests/faults tests/security tests/live tests/browser
	@$(VENV) -m pytest -m "alone and not needs_key" tests/live

test-fast: ## Unit and flow tests: no server, no browser, no Node.js
	$(SETUP) python
	@$(VENV) -m pytest -n auto -m "(unit or flow) and not needs_key" tests/unit tests/flow tests/security

check: ## Lint, formatting, types, import rules, the page
	$(SETUP) python page
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy --explicit-package-bases $(ROOMS) tests
	@.venv/bin/lint-imports
	@cd web && npm run check && npm run build

faults: ## Make everything fail that can, and write what came of it into reports/ [FULL=1]
	$(SETUP) python livekit-server postgresql faketime
	@FAULTS_REPORT=reports $(VENV) -m pytest -m "not needs_key" -k "row_" tests/unit tests/flow tests/security tests/live tests/faults

bench: ## Measure how long a student waits, beside other ways to build it: over an hour [QUICK=1]
	$(SETUP) python livekit-server
	@$(VENV) -m bench wait $(if $(QUICK),--quick --exams 1)

audit: ## Ask whether a package is known to be unsafe (exit code 3: nobody could be asked)
	$(SETUP) python
	@$(VENV) -m deploy audit

sbom: ## List all packages that Voxam is made of, in reports/ (CycloneDX)
	$(SETUP) python
	@$(VENV) -m deploy sbom

clean: ## Remove what was built; keeps var/ (records) and the livekit-server binary
	rm -rf .venv web/node_modules web/dist reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
