#!/bin/sh
# Makes $VENV (.venv) and installs this checkout with one extra into it: tools/install.sh prometheus|dev
# Does nothing if that is done already. Every error is one line.
set -eu
. tools/pythons.sh

extra=$1
venv=${VENV:-.venv}
log=$venv/install.log
here=$(pwd)

fail() {
    echo "make: $1" >&2
    exit 2
}

describe_named_python() {
    describe_python "$PYTHON" || fail "PYTHON=$PYTHON is not a Python 3.11 or later with the venv module; name another one"
}

fail_without_python() {
    named_like_python | while IFS= read -r program; do
        if name=$("$program" -c 'import sys; print("python%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null); then
            fail "$program lacks the venv module; on Debian and Ubuntu: apt install $name-venv"
        fi
    done || exit
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "Python 3.11 or later is needed, and this machine has $found; install one, or name it: make PYTHON=/path/to/python3"
}

# A named Python replaces an environment of another one.
if [ -n "${PYTHON:-}" ] && [ -x "$venv/bin/python" ]; then
    named=$(describe_named_python)
    if [ "$named" != "$(describe_python "$venv/bin/python")" ]; then
        echo "$venv is not of $PYTHON: it is made again"
        rm -rf "$venv"
    fi
fi

wanted=$(printf '%s\n' "$here" | cat - pyproject.toml constraints.txt | cksum)
for stamp in "$venv/installed-$extra" "$venv/installed-dev"; do
    if [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        exit 0
    fi
done

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if [ -n "${PYTHON:-}" ]; then found=$(describe_named_python); else found=$(pythons | tail -n 1); fi
    [ -n "$found" ] || fail_without_python
    python=${found#* }
    echo "Making $venv with $python (${found%% *})"
    reason=$("$python" -m venv --clear "$venv" 2>&1) || fail "$python cannot make $venv: $(echo "$reason" | tail -n 1)"
fi

rm -f "$venv"/installed-*

# The distribution was called gui-agents, which is another project's name on PyPI: that one is left alone. Ours goes first, as
# it would take the programs of the new one with it. -I: the checkout, which is in sys.path without it, does not count.
is_former='
from importlib.metadata import distribution
raise SystemExit(all(entry.value != "gui_agents.grpc_app:main" for entry in distribution("gui-agents").entry_points))'
if "$venv/bin/python" -I -c "$is_former" >/dev/null 2>&1; then
    echo "Removing the distribution's former name, gui-agents, from $venv"
    reason=$("$venv/bin/python" -m pip uninstall --yes --disable-pip-version-check gui-agents 2>&1) \
        || fail "pip could not uninstall gui-agents: $(echo "$reason" | tail -n 1)"
fi

echo "Installing gui-agents-service[$extra] into $venv (once; the log is $log)"
# Wheels only: nothing is compiled, so no compiler is needed. The two variables pin the build tools, for pip before and since 25.3.
if ! PIP_CONSTRAINT="$here/constraints.txt" PIP_BUILD_CONSTRAINT="$here/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$venv/bin/python" -m pip install --progress-bar off --only-binary :all: -e ".[$extra]" >"$log" 2>&1; then
    reason=$(grep -m 1 -o 'ERROR: .*' "$log" || tail -n 1 "$log")
    fail "pip could not install gui-agents-service[$extra]: $reason (all of it: $log)"
fi
echo "$wanted" >"$venv/installed-$extra"
