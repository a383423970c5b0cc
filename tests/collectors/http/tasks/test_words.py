"""Texts of clients and models are shown as they are, and are never markup."""

from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from collectors.http.tasks import words
from gui_agents.domain.actions import Click, Type
from gui_agents.domain.lifecycle import TaskStatus


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def seen(html):
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


@given(st.text() | st.text(st.sampled_from("<>&\"'/=!-scriptimg \n\u202e\u2066\0\ud800")), st.integers(1, 50))
def test_no_text_becomes_markup_and_nothing_hidden_stays(text, limit):
    for shown in (words.plain(text, limit), words.block(text, limit), words.action(Type(text), limit)):
        read = seen(shown)
        assert set(read.tags) <= {"span", "b"}
        assert all(character.isprintable() or character in "\n\t\u200c\u200d" for character in read.text)


def test_marks_of_direction_are_shown_as_what_they_are():
    assert words.plain("a\u202eb\u2066c\u200e\x1b[1m\U000e0001", 100) == "a\\u202eb\\u2066c\\u200e\\u001b[1m\\U000e0001"


def test_emoji_and_other_scripts_stay():
    for text in ("👩\u200d💻", "עברית", "日本語", "é"):
        assert words.block(text, 100) == text


def test_lines_stay_or_become_one():
    assert words.block("a\r\n\tb\u2028c", 100) == "a\n\tb c"
    assert words.plain(" a\r\n\tb ", 100) == "a b"


def test_what_is_too_long_is_cut_and_counted():
    cut = words.block("x" * 100_000, 1000)
    assert cut == "x" * 1000 + '<span class="note"> … (99,000 more characters)</span>'
    assert seen(words.plain("y" * 100_000, 10)).text == "y" * 10 + " … (99,990 more characters)"


def test_moments():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
    assert words.moment(at) == '<time datetime="2026-01-02T03:04:05Z">2026-01-02 03:04:05</time>'
    assert words.moment(None) == words.moment(1e300) == words.NOTHING


def test_money_statuses_and_actions():
    assert words.money(Decimal("0.01250"), "USD") == "$0.0125"
    assert words.money(Decimal(0), None) == words.NOTHING
    assert words.pill(TaskStatus.FAILED) == '<span class="pill bad">failed</span>'
    assert set(words.TONES) == set(TaskStatus)
    assert words.action(Click(1, 2), 100) == "<b>click</b>(x=1, y=2, button=&#x27;left&#x27;, count=1)"
    assert seen(words.action(None, 100)).text == "no action"
