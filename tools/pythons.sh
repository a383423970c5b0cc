# shellcheck shell=sh
# Which Pythons this machine has, for the scripts that source this file.

# Prints version and path of a Python that can make environments for this project; fails for any other program.
# The path is that of the program behind an environment's Python or a shim of pyenv, and so good in any directory.
# Packages have no wheels for prereleases, free-threaded builds and other implementations.
describe_python() {
    "$1" -c '
import os, sys, venv, ensurepip
version = sys.version_info
if version < (3, 11) or version.releaselevel != "final":
    sys.exit(1)
if sys.implementation.name != "cpython" or "free-threading" in sys.version:
    sys.exit(1)
program = os.path.join(sys.base_prefix, "bin", "python%d.%d" % version[:2])
print("%d.%d.%d" % version[:3], program if os.access(program, os.X_OK) else sys.executable)
' </dev/null 2>/dev/null
}

# Lists the programs in PATH, and in the directories that are named, whose names are those of Pythons.
named_like_python() {
    { echo "$PATH" | tr : '\n'; printf '%s\n' "$@"; } | while IFS= read -r directory; do
        for program in "$directory"/python3.[0-9] "$directory"/python3.[0-9][0-9] "$directory"/python3 "$directory"/python; do
            if [ -x "$program" ]; then echo "$program"; fi
        done
    done
}

# Lists what `describe_python` prints, a line for each minor version, oldest first; of two the one that comes first in PATH.
# A program that does not run, such as the shim of a version that pyenv has not activated, is passed over.
pythons() {
    named_like_python "$@" | while IFS= read -r program; do
        describe_python "$program" || :
    done | sort -s -u -t. -k1,1n -k2,2n
}
