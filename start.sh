#!/usr/bin/env bash
# Sets up what is missing, then runs Doc Chat. Ctrl+C stops it.
set -euo pipefail
cd "$(dirname "$0")"
. ./config.sh
./setup.sh
exec .venv/bin/docchat serve
