.DEFAULT_GOAL := help
.PHONY: help setup setup-dev world world-stop demo test unit integration slow servers faults leakcheck sim report report-test rehearse docs-test bench bench-short lambda matrix molecule lint sanity check lock scan sbom release-check clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Prepare .venv and the database servers; the second time at once
	@tools/setup.sh

setup-dev: ## Also prepare what lint, sanity, molecule and the slow tests need
	@tools/setup.sh --dev

world: setup ## Start a local AWS, MySQL and MariaDB, and leave them running
	@PYTHONPATH=tools .venv/bin/python -m world up

world-stop: setup ## Stop what `make world` started
	@PYTHONPATH=tools .venv/bin/python -m world down

demo: setup ## Onboard three clients, rotate one, and prove it
	@PYTHONPATH=tools:collections .venv/bin/python tools/demo.py

test: setup ## Run the unit and integration tests, a short simulated year and some faults
	@tools/test.sh

unit: setup ## Run the unit tests
	@tools/test.sh unit

integration: setup ## Run the integration tests, on real servers
	@tools/test.sh integration

slow: setup-dev ## Run the tests around rotation (provisioning, IAM, audit, backup, AWX, schedules, runners), and a part on MariaDB 11.8
	@tools/test.sh slow leaks second-rest

servers: setup ## Run the integration tests on every server, and print a table
	@tools/servers.sh

faults: setup ## Run every step of a rotation with every fault
	@tools/faults.sh

leakcheck: setup-dev ## Look for passwords in all that every playbook leaves, and write the table into docs/safety.md
	@tools/leakcheck.sh --everything --page

sim: setup ## Simulate a year of 200 clients
	@tools/sim.sh

report: setup ## Write the report of a simulated year of 40 clients to .cache/report/fleet.html
	@tools/sim.sh --clients 40 --days 400 --page .cache/report/fleet.html

report-test: setup-dev ## Test a report of 2,000 clients and 400 days in a browser
	@REPORT_CLIENTS=2000 tools/test.sh integration/test_report_page.py

docs-test: setup-dev ## Run the commands of README.md and docs/*.md as they are written; PAGES=docs/guide.md
	@PYTHONPATH=tools .venv/bin/python -m docs_test $(PAGES)

rehearse: setup-dev ## Follow every command of the runbook out of real trouble
	@REHEARSE=all tools/test.sh rehearsals integration/test_alarm_rehearsals.py

bench: setup-dev ## Measure a fleet against a playbook of stock collections, in ten minutes
	@tools/bench.sh

bench-short: setup-dev ## Only the ratio to that playbook; fail if it is below half of what docs/performance.md claims
	@tools/bench.sh --short

lambda: setup ## Build the package of the Lambda functions (ARCH=arm64 CA=ca.pem)
	@.venv/bin/python tools/lambda_package.py $(if $(ARCH),--arch $(ARCH)) $(if $(CA),--ca $(CA))

matrix: setup-dev ## Run the unit tests with every ansible-core and Python on this machine
	@.venv/bin/nox

molecule: setup-dev ## Run the molecule scenarios
	@tools/molecule.sh

lint: setup-dev ## Run the linters of code, YAML, roles, documents, changelog and licences
	@tools/lint.sh

sanity: setup-dev ## Run ansible-test sanity on a built copy
	@tools/sanity.sh

lock: ## Write locks/ from the requirement files; OPTIONS=--upgrade brings all versions up to date
	@tools/setup.sh --supply
	@tools/lock.sh $(OPTIONS)

scan: ## Look for secrets in files and commits, and for known vulnerabilities in what is locked
	@tools/setup.sh --supply
	@tools/scan.sh

sbom: ## List what execution environment and functions contain (CycloneDX), and judge its licences
	@tools/setup.sh --supply
	@.venv/bin/python tools/sbom.py

release-check: ## Build the last commit as a release into dist/, twice, and check what is in it; TAG=0.2.0
	@tools/setup.sh --supply
	@.venv/bin/python tools/release_check.py $(TAG)

check: lint sanity ## Run lint and sanity

clean: ## Stop the local world and remove everything generated, .venv included
	@tools/clean.sh
