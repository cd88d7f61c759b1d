#!/usr/bin/env bash
# Installs what Doc Chat needs into .venv and builds the page. Skips whatever is up to date.
#   ./setup.sh          to run it        ./setup.sh --test   to test it as well
set -euo pipefail
cd "$(dirname "$0")"
. ./config.sh

fail() { echo "Doc Chat: $1" >&2; exit 1; }
is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

lock=backend/requirements.lock
[ "${1:-}" = --test ] && lock=backend/requirements-test.lock

if ! is_recent .venv/bin/python; then
  python=
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
    [ -n "$candidate" ] && is_recent "$candidate" && { python=$candidate; break; }
  done
  [ -n "$python" ] || fail "Python 3.11 or newer is needed. Install it, or name it: PYTHON=/path/to/python3.12 ./start.sh"
  echo "Making .venv with $("$python" --version)"
  rm -rf .venv
  "$python" -m venv .venv || fail "Python could not make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv"
fi

# The stamp names the lock that .venv holds; the test lock contains everything of the other.
fingerprint() { .venv/bin/python scripts/fingerprint.py "$@"; }
wanted=$(fingerprint "$lock" backend/pyproject.toml)
both=$(fingerprint backend/requirements-test.lock backend/pyproject.toml)
stamp=.venv/installed
installed=$(cat "$stamp" 2>/dev/null || true)
if [ "$installed" != "$wanted" ] && [ "$installed" != "$both" ]; then
  if command -v uv >/dev/null; then uv=uv; else
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
    uv=.venv/bin/uv
  fi
  echo "Installing $lock"
  "$uv" pip install --quiet --python .venv/bin/python --compile-bytecode --require-hashes -r "$lock"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --editable backend
  echo "$wanted" > "$stamp"
fi

# Compiled here, because some systems forbid Python to do so on import; it halves the start.
.venv/bin/python -m compileall -q backend/src

scripts/build-frontend
