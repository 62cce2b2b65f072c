# memgate: what a newcomer, a developer and CI type. `make` alone lists the targets.

CARGO ?= cargo
CONFIG ?= proxy.yaml
BENCH ?=
ONLY ?=

# cargo puts installed tools here; a fresh shell may not look.
export PATH := $(PATH):$(HOME)/.cargo/bin:/usr/sbin

.DEFAULT_GOAL := help
.PHONY: help run deps cmake tools test fmt lint docs licences deploy-tools deploy tests doctests advisories bench bench-micro scale e2e

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: cmake ## build memgate and start it with proxy.yaml
	$(CARGO) build --release --locked --bin memgate
	exec target/release/memgate run --config $(CONFIG)

deps: cmake tools deploy-tools ## install what a fresh Debian machine lacks: cmake, cargo-nextest, cargo-deny, a browser, what checks deploy/

# $(call apt,command,package): installs a Debian package when its command is missing and this is root.
define apt
	@command -v $(1) >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2); \
	  else \
	    echo "$(1) is missing. Install it, then run this again:  sudo apt-get install $(2)" >&2; exit 1; \
	  fi; }
endef

cmake: # the compression library of pingora is built with it
	$(call apt,cmake,cmake)
	$(call apt,cc,build-essential)

tools:
	@command -v cargo-nextest >/dev/null 2>&1 || $(CARGO) install --locked cargo-nextest
	@command -v cargo-deny >/dev/null 2>&1 || $(CARGO) install --locked cargo-deny

test: fmt lint docs licences deploy doctests tests ## everything that CI runs

fmt:
	$(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items

licences:
	$(CARGO) deny --locked check licenses bans sources

# What reads the files of deploy/, and the browser of the dashboard's tests.
deploy-tools:
	$(call apt,chromium,chromium)
	$(call apt,chromedriver,chromium-driver)
	$(call apt,prometheus,prometheus)
	$(call apt,nginx,nginx-light)
	$(call apt,caddy,caddy)
	$(call apt,kubectl,kubernetes-client)
	$(call apt,systemd-analyze,systemd)
	$(call apt,shellcheck,shellcheck)
	$(call apt,yamllint,yamllint)

deploy: ## check the files of deploy/ with the tools that read them
	sh deploy/lint.sh

doctests:
	$(CARGO) test --locked --workspace --doc --quiet

# Last, so that its summary is the last thing printed. The schema's diff is one of these tests.
tests:
	$(CARGO) nextest run --locked --workspace

advisories: tools ## look for known vulnerabilities (fetches the advisory database)
	$(CARGO) deny --locked check advisories

bench: cmake ## compare direct, nginx, bare pingora and memgate on this machine (BENCH="--rounds 3" for options)
	$(CARGO) build --release --locked --bin memgate
	$(CARGO) xtask bench $(BENCH)

bench-micro: cmake ## time the stages of a request one by one
	$(CARGO) bench --locked --features test-doors --bench stages

scale: cmake ## 10,000 users of ten facts: disk and memory
	MEMGATE_TEST_USERS=10000 $(CARGO) nextest run --locked --test integration -E 'test(/^scale::/)' --no-capture

e2e: cmake ## drive the real chat UIs, client libraries and a small model through memgate (ONLY=open-webui for one part)
	python3 tests/e2e/run.py $(if $(ONLY),--only $(ONLY))
