"""Every regular expression of both packages takes time in proportion to its input, whatever the input is."""

import ast
import re

import pytest

from tests.patterns.finding import ANY_METHOD, calls_of, page_patterns, patterns
from tests.patterns.growth import worst

PATTERNS = patterns()
PAGE_PATTERNS = page_patterns()
MATCH, SEARCH = frozenset({"match"}), frozenset({"search"})

PLANTED = [
    (r"(a+)+$", MATCH),
    (r"(a|a)*b", MATCH),
    (r"(\w+\s?)*x", MATCH),
    (r"(?:[a-z]+[0-9]*)+!", MATCH),
    (r"(?=.*\d)(?=(\w+\s?)*$).*x", MATCH),
    (r"\s*,?\s*x", MATCH),
    (r'"\w+\s*\w+="', MATCH),
    (r"[-+.\d]*\d[-+.\d]*x", MATCH),
    (r"(?i)(?:the )?(?:.* )?to (.+) in (.+)\.", MATCH),
    (r".*foo.*bar", SEARCH),
    (r"a+b", SEARCH),
    (r"\d+(?=x)", SEARCH),
    (r"\s+$", SEARCH),
    (r"(?<=[a-z]).*q", SEARCH),
]


@pytest.mark.parametrize("found", [*PATTERNS, *PAGE_PATTERNS], ids=lambda found: found.name)
def test_pattern_is_linear(found):
    assert worst(re.compile(found.pattern, found.flags), found.methods) is None


@pytest.mark.parametrize(("pattern", "methods"), PLANTED)
def test_a_planted_pattern_that_is_worse_than_linear_is_found(pattern, methods):
    assert worst(re.compile(pattern), methods) is not None


@pytest.mark.parametrize("pattern", [r"a+b", r"[a-z]+\d+", r"(?:ab)*+c", r"(?>a+)b", r"x[ab]*y?"])
def test_a_linear_pattern_is_not_blamed(pattern):
    assert worst(re.compile(pattern), MATCH) is None


def test_the_packages_have_the_patterns_that_are_known_to_be_there():
    places = {found.place.partition(":")[0] for found in [*PATTERNS, *PAGE_PATTERNS]}

    assert places >= {
        "collectors/http/assets/exposition.js",
        "collectors/http/web_config.py",
        "gui_agents/commands/doctor.py",
        "gui_agents/config/parsers.py",
        "gui_agents/decider/patterns.py",
        "gui_agents/decider/simulated/worker.py",
    }
    generated = [found for found in PATTERNS if found.place.startswith("gui_agents/decider/patterns.py")]
    assert len(generated) > 80


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("import re\nre.match('a+', text)", ["a+"]),
        ("import re as r\nr.search(pattern='a+', string=text)", ["a+"]),
        ("from re import fullmatch as whole\nwhole('a+', text)", ["a+"]),
        ("import re\nre.compile(rf'a+{name}b')", ["a+x1b"]),
        ("import re\nre.compile(made())", [None]),
        ("import re\nre.escape('a+')", []),
    ],
)
def test_patterns_are_read_from_the_source(source, read):
    assert [call.pattern for call in calls_of(ast.parse(source), "module.py")] == read


def test_a_library_whose_patterns_cannot_be_read_is_refused():
    with pytest.raises(LookupError, match="regex"):
        list(calls_of(ast.parse("import regex"), "module.py"))


def test_the_methods_that_a_pattern_is_used_with_are_known():
    methods = {found.pattern: found.methods for found in PATTERNS}

    assert methods[r"[A-Z]{3}"] == {"fullmatch"}
    assert methods[r"[\d.] +[\d.]"] == {"search"}
    assert all(used <= ANY_METHOD and used for used in methods.values())
