#!/usr/bin/env bash
# Installs what the tests need, then runs every check: scripts/lint, scripts/check.
set -euo pipefail
cd "$(dirname "$0")"
. ./config.sh
./setup.sh --test
scripts/lint
scripts/check
