import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.moment import lasted, moment

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("90s", NOW - 90),
        ("1h30m", NOW - 5400),
        ("2d", NOW - 172_800),
        ("1w", NOW - 604_800),
        ("2023-11-14", 1_699_920_000.0),
        ("2023-11-14T01:00", 1_699_923_600.0),
        ("2023-11-14T01:00+01:00", 1_699_920_000.0),
    ],
)
def test_a_moment_is_read(text, at):
    assert moment(text, NOW) == at


@pytest.mark.parametrize("text", ["", "soon", "1", "1y", "-1h", "h1", "2023-13-01", "1h" * 50])
def test_others_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write 90s, 1h or 2d"):
        moment(text, NOW)


@given(st.text(max_size=50))
def test_any_text_is_a_moment_or_refused(text):
    try:
        found = moment(text, NOW)
    except ValueError:
        return
    assert isinstance(found, float)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (59.97, "1:00"), (60, "1:00"), (754.4, "12:34"), (3723, "1:02:03")],
)
def test_a_span_is_shown(seconds, text):
    assert lasted(seconds) == text
