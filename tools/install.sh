#!/bin/sh
# Makes .venv and installs this checkout with one extra into it: tools/install.sh prometheus|dev
# Does nothing where that is done already. Whatever goes wrong is told in one line.
set -eu

extra=$1
venv=.venv
log=$venv/install.log
here=$(pwd)

fail() {
    echo "make: $1" >&2
    exit 2
}

# Prints a Python's version where it is 3.11 or later and can make environments, else fails.
usable() {
    "$1" -c 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Prints what tells one installed Python from another: its version and its place; an environment's are those of its Python.
identity() {
    "$1" -c 'import sys; print(sys.version.split()[0], sys.base_prefix)' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        usable "$PYTHON" >/dev/null || fail "PYTHON=$PYTHON is not a Python 3.11 or later with the venv module; name another one"
        echo "$PYTHON"
        return
    fi
    for candidate in python3.13 python3.12 python3.11 python3 python; do
        if usable "$candidate" >/dev/null; then
            echo "$candidate"
            return
        fi
    done
    for candidate in python3.13 python3.12 python3.11; do
        if "$candidate" -c '' 2>/dev/null; then
            fail "$candidate lacks the venv module; on Debian and Ubuntu: apt install $candidate-venv"
        fi
    done
    found=$(python3 --version 2>/dev/null || echo "no python3")
    fail "Python 3.11 or later is needed, and this machine has $found; install one, or name it: make PYTHON=/path/to/python3"
}

# A Python that is named is meant, also where there is an environment of another one.
if [ -n "${PYTHON:-}" ] && [ -x "$venv/bin/python" ]; then
    python=$(find_python)
    if [ "$(identity "$python")" != "$(identity "$venv/bin/python")" ]; then
        echo "$venv is not of $python: it is made again"
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
    python=$(find_python)
    echo "Making $venv with $python ($(usable "$python"))"
    reason=$("$python" -m venv --clear "$venv" 2>&1) || fail "$python cannot make $venv: $(echo "$reason" | tail -n 1)"
fi

echo "Installing gui-agents[$extra] into $venv (once; the log is $log)"
rm -f "$venv"/installed-*
# Wheels only: nothing is compiled, so no compiler is needed. The two variables pin the build tools, for pip before and since 25.3.
if ! PIP_CONSTRAINT="$here/constraints.txt" PIP_BUILD_CONSTRAINT="$here/constraints.txt" PIP_DISABLE_PIP_VERSION_CHECK=1 \
    "$venv/bin/python" -m pip install --progress-bar off --only-binary :all: -e ".[$extra]" >"$log" 2>&1; then
    reason=$(grep -m 1 -o 'ERROR: .*' "$log" || tail -n 1 "$log")
    fail "pip could not install gui-agents[$extra]: $reason (all of it: $log)"
fi
echo "$wanted" >"$venv/installed-$extra"
