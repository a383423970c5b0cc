"""What an endpoint says is shown without our keys, wherever they were sent."""

from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.models.masking import MAX_READ, hidden_words, masked

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
