"""Which keys type a text: those of the layout, and keys that lend themselves for characters that it lacks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain import keys
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.sandboxes.x11.keyboard import NAMED, Layout, Stroke, keysym_of, keysyms_of

KEYSYMS = {10: (ord("a"), ord("A")), 11: (ord("1"), ord("!")), 12: (NAMED["enter"], 0), 13: (), 14: (0, 0), 15: (0,)}
"""Three keys with meanings, and three without."""


class Reader:
    """A program that knows the keys' meanings of the moment in which it has read a batch."""

    def __init__(self) -> None:
        self.layout = Layout(KEYSYMS)
        self.meanings = {key: [*levels, 0, 0] for key, levels in KEYSYMS.items()}

    def read(self, text: str, size: int) -> str:
        read = []
        for batch in self.layout.batches(keysyms_of(text), size):
            assert len(batch.strokes) <= size
            for keycode, keysym in batch.meanings.items():
                self.meanings[keycode] = [keysym, keysym]
            read += [self.meanings[stroke.keycode][stroke.shift] for stroke in batch.strokes]
        return "".join("\n" if keysym == NAMED["enter"] else chr(keysym & 0xFFFFFF) for keysym in read)


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]) | st.sampled_from("\naA1!"), max_size=60))
def test_any_text_is_read_as_it_was_meant(text):
    reader = Reader()
    assert reader.read(text, size=7) == text
    assert reader.read(text[::-1], size=200) == text[::-1]


def test_a_key_changes_its_meaning_only_between_batches():
    batches = list(Layout(KEYSYMS).batches(keysyms_of("äöüäß")))
    assert [len(batch.strokes) for batch in batches] == [4, 1]
    assert [batch.meanings for batch in batches] == [{13: 0xE4, 14: 0xF6, 15: 0xFC}, {13: 0xDF}]


def test_a_meaning_that_was_lent_is_used_again():
    layout = Layout(KEYSYMS)
    assert next(layout.batches(keysyms_of("ä"))).meanings == {13: 0xE4}
    assert next(layout.batches(keysyms_of("ä"))).meanings == {}


def test_capitals_hold_shift():
    (batch,) = Layout(KEYSYMS).batches(keysyms_of("aA!"))
    assert batch.strokes == [Stroke(10), Stroke(10, shift=True), Stroke(11, shift=True)]


def test_a_line_ends_with_enter_however_it_is_written():
    assert keysyms_of("\r\n\r\n") == [NAMED["enter"]] * 2
    assert keysyms_of("\t\r\b\n") == [NAMED["tab"], NAMED["enter"], NAMED["backspace"], NAMED["enter"]]


@pytest.mark.parametrize(("character", "keysym"), [("ÿ", 0xFF), ("Ā", 0x1000100), ("€", 0x10020AC), ("😀", 0x101F600)])
def test_characters_beyond_latin_1_have_their_own_range_of_keysyms(character, keysym):
    assert keysym_of(character) == keysym


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x9f", "\ud800"])
def test_what_is_no_character_is_refused(character):
    with pytest.raises(TransientSandboxError, match=rf"the character U\+{ord(character):04X} cannot be typed"):
        keysyms_of(f"a{character}")


def test_every_key_of_the_domain_has_its_keysym():
    assert set(NAMED) == keys.NAMED
    assert (keysym_of("f1"), keysym_of("f24"), keysym_of("pageup")) == (0xFFBE, 0xFFD5, 0xFF55)
