"""The pages and passages that code writes are those of the code."""

import re

import pytest

from tools import docs
from tools.passages import PASSAGES, UnknownPassageError, filled

TABLE = re.compile(r"\n(\|[^\n]+\|\n){3,}")
COMMANDS = re.compile(r"\n```console\n(\$ [^\n]+\n)+```\n")


def test_everything_that_code_writes_is_up_to_date():
    assert list(docs.outdated()) == [], "run `make docs`"


def test_a_passage_is_written_between_its_comments():
    page = "There are <!-- make docs: dashboards -->many<!-- end --> dashboards, <!-- make docs: rules --><!-- end -->"
    text = filled(page)
    dashboards, rules = (int(number) for number in re.findall(r"-->(\d+)<!-- end -->", text))
    assert re.sub(r"-->\d+<", "-><", text) == re.sub(r"-->\w*<", "-><", page)
    assert dashboards == int(PASSAGES["dashboards"]())
    assert rules == int(PASSAGES["recordings"]()) + int(PASSAGES["alert rules"]())
    assert filled(text) == text


def test_a_passage_that_nothing_writes_is_named():
    with pytest.raises(UnknownPassageError, match="nothing writes the passage 'dashbords'; there are: metrics, "):
        filled("<!-- make docs: dashbords -->4<!-- end -->")


@pytest.mark.parametrize("name", PASSAGES)
def test_every_passage_is_a_number_a_table_or_commands_and_is_used(name):
    text = PASSAGES[name]()
    assert text.isdecimal() or TABLE.fullmatch(text) or COMMANDS.fullmatch(text)
    assert any(f"<!-- make docs: {name} -->{text}<!-- end -->" in page for page in docs.wanted().values())
