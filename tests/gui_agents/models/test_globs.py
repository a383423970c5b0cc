from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.models.globs import Glob


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("openai/gpt-4o", ["openai/gpt-4o"], ["openai/gpt-4o-mini", "openai/gpt-4", ""]),
        ("*", ["", "a", "a/b"], []),
        ("*/qwen3-vl*", ["vllm/qwen3-vl", "openrouter/qwen/qwen3-vl-8b"], ["qwen3-vl", "vllm/qwen3-v"]),
        ("openai/gpt-[5-7]*", ["openai/gpt-5", "openai/gpt-7.1"], ["openai/gpt-4o", "openai/gpt-"]),
        ("a?c", ["abc", "a/c"], ["ac", "abbc"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("[a-cx]", ["a", "b", "x"], ["d", "-"]),
        ("[", ["["], [""]),
        ("a[]", ["a[]"], ["a"]),
        ("[-a]", ["-", "a"], ["b"]),
    ],
)
def test_a_pattern_matches_whole_names(pattern, matched, others):
    assert [name for name in [*matched, *others] if Glob(pattern).matches(name)] == matched


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_it_matches_what_the_standard_library_does(pattern, name):
    assert Glob(pattern).matches(name) == fnmatchcase(name, pattern)


@given(st.text("ab[]-*?"), st.text("ab[]-"))
def test_any_pattern_matches_or_does_not(pattern, name):
    assert Glob(pattern).matches(name) in {True, False}
    assert not Glob(pattern).is_name or Glob(pattern).matches(pattern)


def test_many_stars_take_no_longer_than_the_name_times_the_pattern():
    class Counting(str):
        __slots__ = ()
        looked_at = 0

        def __getitem__(self, index):
            Counting.looked_at += 1
            return super().__getitem__(index)

    name, pattern = Counting("a" * 200), "*a" * 99 + "*b"
    assert not Glob(pattern).matches(name)
    assert Counting.looked_at <= len(name) * len(pattern)
