"""What an endpoint says is shown without our keys, wherever they were sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.http.masking import MAX_READ, MAX_SHOWN, hidden_words, masked

HEADERS = {"Authorization": "Bearer tok-0123456789", "X-Team": "agents", "X-Gateway": "0123456789-tok-0123456789"}


def test_words_of_the_operators_headers_that_may_be_keys_are_hidden():
    hidden = hidden_words(HEADERS)
    assert hidden == ("0123456789-tok-0123456789", "tok-0123456789")
    said = "Bearer tok-0123456789 of team agents: 0123456789-tok-0123456789 is unknown"
    assert masked(said, None, hidden) == f"Bearer {MASKED_KEY} of team agents: {MASKED_KEY} is unknown"


def test_what_is_cut_keeps_no_beginning_of_a_hidden_word():
    hidden = hidden_words(HEADERS)
    for room in range(1, 14):
        said = " " * (MAX_READ - room) + "tok-0123456789" + "x" * 100
        assert "tok-" not in masked(said, Secret("sk-0123456789"), hidden)


def test_keys_in_the_fields_of_a_request_are_hidden_and_the_words_of_settings_are_not():
    body = {"thinking": {"type": "disabled"}, "mode": "json_schema", "tags": [{"auth": "session=abcdefgh1;a=b"}]}
    hidden = hidden_words({"X-Key": "0123456789abcdef", "Referer": "https://agents.example"}, body)
    assert masked("a disabled json_schema of https://x.test for abcdefgh1", None, hidden) == (
        f"a disabled json_schema of https://x.test for {MASKED_KEY}"
    )
    assert masked("0123456789ABC is unknown", None, hidden) == f"{MASKED_KEY} is unknown"


KEY = 'xai-0123456789abcdefghij+/klm"nop='


@pytest.mark.parametrize(
    "said",
    [
        KEY,
        KEY.upper(),
        "xai-0123456789abcdefghij...",
        "xai-0123456789…",
        "xai-0123",
        "...abcdefghij+/klm",
        KEY.replace("/", "\\/").replace('"', '\\"'),
        KEY.replace("/", "\\\\\\/").replace('"', '\\\\\\"'),
        KEY.replace("+", "%2B").replace("/", "%2f").replace("=", "%3D"),
        KEY.replace("-", "%252D").replace("/", "%252F"),
        KEY.replace("-", "\\u002d").replace("/", "\\u002F"),
        KEY.replace("-", "&#45;").replace("/", "&#x2F;").replace('"', "&quot;"),
        "xai-01234\n56789abcdef",
    ],
)
def test_no_spelling_of_a_key_and_no_part_of_one_is_shown(said):
    assert masked(f"bad: {said} here", Secret(KEY)) == f"bad: {MASKED_KEY} here"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("gsk_abcdefghijkl is wrong", f"{MASKED_KEY} is wrong"),
        ("see AIzaSyAbcdefg now", f"see {MASKED_KEY} now"),
        ("no xai-abcd1234", f"no {MASKED_KEY}"),
        ("Incorrect API key provided: abcd1234efgh5678ijkl", f"Incorrect API key provided: {MASKED_KEY}"),
        ("token=abcd1234efgh5678ijkl", f"token={MASKED_KEY}"),
        ("you sent ab…yz", f"you sent {MASKED_KEY}"),
        ("this key cannot use model gpt-4o-2024-08-06", "this key cannot use model gpt-4o-2024-08-06"),
        ("the task-force at key-west of tokens", f"the task-force at {MASKED_KEY} of tokens"),
        ("max_tokens is 4096; hf_abc", "max_tokens is 4096; hf_abc"),
    ],
)
def test_what_looks_like_a_key_of_others_is_masked(said, shown):
    assert masked(said, Secret("sk-0123456789")) == shown


@pytest.mark.parametrize("key", ["short", "%61%62%63", "\\\\\\\\\\abc"])
def test_beside_a_key_that_is_too_short_to_be_known_nothing_is_shown(key):
    assert masked("any words", Secret(key)) == ""


def test_a_hidden_word_that_is_too_short_hides_no_others():
    hidden = hidden_words({"X-Filter": "%41%42%43"})
    assert masked("any words", None, hidden) == "any words"


@given(st.text(max_size=40), st.text(max_size=40), st.text("abcXYZ012-_/+=%\\", min_size=20, max_size=40))
def test_any_text_around_a_key_is_taken(before, after, key):
    shown = masked(before + key + after, Secret(key))
    assert len(shown) <= MAX_SHOWN
    assert key not in shown
