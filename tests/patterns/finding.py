"""Every regular expression of both packages, found without a list of them.

Run as a program, in a process of its own that has imported nothing of ours yet, it imports every module and records
what reaches `re` meanwhile: constants, attributes of classes, and tables whose patterns are generated. What functions
compile when they are called is read from the source. A pattern that neither way shows is an error: nobody could test
it. The methods that a pattern is used with are read from the source, too; all of them, where it does not tell.
"""

import ast
import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("gui_agents", "collectors")
_FUNCTIONS: Final = frozenset(
    {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
)
_SEARCHES: Final = _FUNCTIONS - {"compile", "match", "fullmatch"}
ANY_METHOD: Final = frozenset({"match", "fullmatch", "search"})
_OTHER_ENGINES: Final = frozenset({"regex", "re2", "fnmatch"})
_INSERTED: Final = "x1"
"""What stands for a value that an f-string inserts."""

_JS_BODY: Final = r"/((?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++)/([a-z]*)"
_JS_PATTERN: Final = re.compile(rf"(?:(?<=[=,:] )|(?<=\())(?![/*]){_JS_BODY}".replace("(?![/*])/", "/(?![/*])"))
"""A literal of JavaScript: behind a sign that no division stands behind."""


@attrs.frozen
class Found:
    """One pattern and where it stands."""

    place: str
    """Path below the root and line."""
    pattern: str
    flags: int
    methods: frozenset[str] = ANY_METHOD
    """Of `growth.METHODS`."""

    @property
    def name(self) -> str:
        """The place, and the pattern's beginning."""
        return f"{self.place} {self.pattern[:40]}"


@attrs.frozen
class _Call:
    """A call of a function of `re`."""

    place: str
    method: str
    pattern: str | None
    """None, if the source does not tell."""
    flags: int
    target: str | None
    """The name that its result is given."""


def patterns() -> list[Found]:
    """Return every pattern of both packages, each one once.

    Raises:
        LookupError: a pattern is made in a way that does not show it.
    """
    told = subprocess.run(
        [sys.executable, "-m", "tests.patterns.finding"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    compiled = [(place, pattern, flags) for place, pattern, flags in json.loads(told.stdout)]
    calls, used = {}, {}
    for path in sources():
        tree = ast.parse(path.read_text())
        calls.update({call.place: call for call in calls_of(tree, str(path.relative_to(ROOT)))})
        for name, method in _uses(tree):
            used.setdefault(name, set()).add(method)
    hidden = sorted(calls.keys() - {place for place, *_ in compiled} - {p for p, call in calls.items() if call.pattern})
    if hidden:
        raise LookupError(f"write the pattern where it is used, or make it when the module is imported: {hidden}")
    known = {place for place, *_ in compiled}
    read = [(place, call.pattern, call.flags) for place, call in calls.items() if call.pattern and place not in known]
    found = {
        Found(place, pattern, flags, _methods(calls.get(place), used)) for place, pattern, flags in compiled + read
    }
    return sorted(found, key=lambda each: (each.place, each.pattern))


def page_patterns() -> list[Found]:
    """Return the patterns of the page's scripts, in the words of `re`."""
    found = []
    for path in sorted((ROOT / "collectors").rglob("*.js")):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if line.lstrip().startswith(("//", "*", "/*")):
                continue
            for match in _JS_PATTERN.finditer(line):
                # A sticky pattern begins where it is told to, as `match` does.
                methods = frozenset({"match" if "y" in match[2] else "search"})
                flags = int(re.IGNORECASE if "i" in match[2] else re.NOFLAG)
                found.append(Found(f"{path.relative_to(ROOT)}:{number}", _translated(match[1]), flags, methods))
    return found


def _translated(pattern: str) -> str:
    """Return a pattern of JavaScript in the words of `re`, which names groups in another way."""
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern)


def sources() -> list[Path]:
    """Return the modules of both packages, without what is generated."""
    return [
        path
        for name in PACKAGES
        for path in sorted((ROOT / name).rglob("*.py"))
        if not path.stem.endswith(("_pb2", "_pb2_grpc"))
    ]


def calls_of(tree: ast.Module, path: str) -> Iterator[_Call]:
    """Yield the calls of `re` in one module.

    Raises:
        LookupError: the module matches text with another library.
    """
    functions: dict[str, str] = {}
    modules = set()
    targets = {id(value): name for name, value in _named(tree)}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                modules |= {each.asname or each.name for each in names if each.name == "re"}
                _refuse_others([each.name for each in names], path)
            case ast.ImportFrom(module=str(module), names=names):
                _refuse_others([module], path)
                functions |= {each.asname or each.name: each.name for each in names if module == "re"}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)) if module in modules:
                pass
            case ast.Call(func=ast.Name(id=called)) if called in functions:
                name = functions[called]
            case _:
                continue
        if name in _FUNCTIONS:
            flags = _flags(node)
            given = [*node.args, *(each.value for each in node.keywords if each.arg == "pattern")]
            yield _Call(f"{path}:{node.lineno}", name, _text(given[0]), flags, targets.get(id(node)))


def _refuse_others(names: list[str], path: str) -> None:
    others = _OTHER_ENGINES & {name.partition(".")[0] for name in names}
    if others:
        raise LookupError(f"{path} matches text with {', '.join(others)}, whose patterns are not found")


def _named(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
                name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
                if name is not None:
                    yield name, value


def _uses(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the names whose methods are called as a pattern's are, with the method."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=method) if method in _FUNCTIONS:
                yield name, method


def _methods(call: _Call | None, used: dict[str, set[str]]) -> frozenset[str]:
    if call is None:
        return ANY_METHOD
    names = {call.method} if call.method != "compile" else used.get(call.target or "", set())
    methods = {"search" if name in _SEARCHES else name for name in names}
    return frozenset(methods & ANY_METHOD) or ANY_METHOD


def _text(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or _INSERTED for part in parts)
    return None


def _flags(call: ast.Call) -> int:
    """Return the flags that are named in a call, wherever its function takes them."""
    given = [*call.args[1:], *(each.value for each in call.keywords)]
    named = {each.attr for value in given for each in ast.walk(value) if isinstance(each, ast.Attribute)}
    return sum(flag for name, flag in re.RegexFlag.__members__.items() if name in named)


def _record() -> None:
    """Print the place, the pattern and the flags of everything that our modules compile while they are imported."""
    recorded: list[tuple[str, str, int]] = []
    compiled = re._compile  # type: ignore[attr-defined]

    def recording(pattern: Any, flags: int) -> Any:
        result, frame = compiled(pattern, flags), sys._getframe(2)
        if frame.f_globals.get("__name__", "").partition(".")[0] in PACKAGES:
            place = f"{Path(frame.f_code.co_filename).relative_to(ROOT)}:{frame.f_lineno}"
            recorded.append((place, result.pattern, result.flags))
        return result

    re._compile = recording  # type: ignore[attr-defined]
    for path in sources():
        if path.stem != "__main__":
            importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    sys.stdout.write(json.dumps(recorded))


if __name__ == "__main__":
    _record()
