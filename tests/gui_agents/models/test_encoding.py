import json

import pytest

from gui_agents.models import encoding
from gui_agents.models.encoding import encoded

QUESTION = {"a": ["日本語 🙂", 1, 1.5, True, None], "b": {"c": 'x\n\t"\\'}}


def test_a_question_is_compact_json():
    assert encoded(QUESTION) == json.dumps(QUESTION, ensure_ascii=False, separators=(",", ":")).encode()


def test_without_the_library_it_is_the_same(monkeypatch):
    fast = encoded(QUESTION)
    monkeypatch.setattr(encoding, "orjson", None)
    assert encoded(QUESTION) == fast


@pytest.mark.parametrize("with_library", [True, False])
def test_what_no_utf8_carries_is_replaced(monkeypatch, with_library):
    if not with_library:
        monkeypatch.setattr(encoding, "orjson", None)
    assert json.loads(encoded({"a": "x\ud800", "b": 10**30})) == {"a": "x?", "b": 10**30}
