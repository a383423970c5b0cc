"""What is read is what was written, and no key is in it."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import Click
from gui_agents.domain.journal import Step
from gui_agents.domain.model import NO_HISTORY, History, Turn
from gui_agents.domain.screen import Picture
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import LLMSettings, ModelChoice, RunningConfig, TaskSpec
from gui_agents.domain.storage import SEARCHED_CHARACTERS
from gui_agents.storage import amounts, codec, keys
from tests.gui_agents.storage import drawn

ANY_TEXT = st.text(st.characters(exclude_categories=()))


def is_taken_by_databases(written: str) -> bool:
    return "\0" not in written and written.encode().decode() == written


@given(ANY_TEXT)
def test_any_text_is_read_as_it_was_written(text):
    written = codec.text_of(text)
    assert is_taken_by_databases(written)
    assert codec.text_in(written) == text


def stored(spec: TaskSpec) -> TaskSpec:
    return keys.as_stored(spec, keys.masked_instruction(spec))


def forgotten(spec: TaskSpec) -> bool:
    return keys.keys_forgotten(spec, keys.masked_instruction(spec))


def test_a_usual_text_is_written_as_it_is():
    assert codec.text_of("Öffne das Fenster\n打开") == "Öffne das Fenster\n打开"


@given(drawn.specs)
def test_a_request_is_read_as_it_was_written_without_its_keys(spec):
    written = codec.json_of(spec)
    assert is_taken_by_databases(written)
    assert codec.json_in(TaskSpec, written) == stored(attrs.evolve(spec, instruction="")).__class__(
        **{**attrs.asdict(stored(spec), recurse=False), "instruction": spec.instruction}
    )


@given(drawn.steps)
def test_a_step_is_read_as_it_was_written(step):
    written = codec.json_of(step)
    assert is_taken_by_databases(written)
    assert codec.json_in(Step, written) == step


@given(drawn.histories)
def test_a_conversation_is_read_as_it_was_written(history):
    written = codec.history_of(history)
    assert is_taken_by_databases(written)
    assert codec.history_in(written) == history


def test_a_conversation_is_written_without_pictures_and_with_each_instruction_once():
    picture = Picture(b"pixels", 2, 1, None)
    turns = tuple(Turn("a long instruction", Click(1, 2), "why", "clicked", "", picture) for _ in range(5))
    written = codec.history_of(History(turns, 7))
    assert written.count("a long instruction") == 1
    assert codec.history_in(written) == History(tuple(attrs.evolve(turn, picture=None) for turn in turns), 7)


def test_no_conversation_is_an_empty_one():
    assert codec.history_in(None) == NO_HISTORY


def test_no_key_is_written_wherever_it_is():
    stages = {"actionGeneratorModel": LLMSettings(model="m", api_key=Secret("sk-planted-key"))}
    spec = TaskSpec(
        instruction="log in with sk-planted-key",
        backend="simulated",
        steps=1,
        timeout_seconds=1.0,
        model=ModelChoice("builtin", "rules"),
        config=RunningConfig(stages=stages),
    )
    shown = keys.without_keys(spec, keys.masked_instruction(spec))
    assert codec.json_of(shown).count("sk-planted-key") == 0
    assert shown.instruction == f"log in with {MASKED_KEY}"
    assert forgotten(spec)


def test_the_operators_key_is_not_forgotten_but_for_the_instruction():
    spec = drawn_spec_of_operator("click the button")
    assert not forgotten(spec)
    assert forgotten(drawn_spec_of_operator("type sk-operator-key"))


def drawn_spec_of_operator(instruction: str) -> TaskSpec:
    from gui_agents.domain.spec import Endpoint  # noqa: PLC0415

    endpoint = Endpoint(provider="openai", model="m", base_url="https://a/v1", api_key=Secret("sk-operator-key"))
    return TaskSpec(
        instruction=instruction,
        backend="simulated",
        steps=1,
        timeout_seconds=1.0,
        model=ModelChoice("openai", "m", endpoint),
        config=RunningConfig(),
    )


FIRST_VERSION = (
    '{"instruction":"click","backend":"simulated","steps":50,"timeout_seconds":3600.0,'
    '"model":{"provider":"builtin","model":"rules"},"config":{"backend":"simulated","mode":2},"former":{"a":[1]}}'
)


def test_a_row_of_an_older_version_is_read_with_defaults_and_without_what_is_not_known_any_more():
    spec = codec.json_in(TaskSpec, FIRST_VERSION)
    assert spec == TaskSpec(
        instruction="click",
        backend="simulated",
        steps=50,
        timeout_seconds=3600.0,
        model=ModelChoice("builtin", "rules"),
        config=RunningConfig(backend="simulated", mode=spec.config.mode),
    )


@pytest.mark.parametrize("written", ["[]", "{}", "1", '{"instruction": 1}', '{"model": 5}', "nonsense"])
def test_what_is_no_request_is_named_as_such(written):
    with pytest.raises(ValueError, match=r"no TaskSpec|Expecting value"):
        codec.json_in(TaskSpec, written)


@given(drawn.amounts, drawn.amounts)
def test_amounts_are_exact_and_sort_as_text_as_they_do_as_numbers(one, other):
    assert amounts.read(amounts.written(one)) == one
    assert (amounts.written(one) < amounts.written(other)) == (one < other)
    assert (amounts.written(one) == amounts.written(other)) == (one == other)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_a_text_that_is_in_another_is_found_in_its_folded_form(before, text, after):
    assert codec.folded(text.upper()) in codec.folded(before + text.upper() + after)
    assert is_taken_by_databases(codec.folded(before + text))


def test_only_the_beginning_of_a_text_is_searched():
    assert len(codec.folded("x" * (SEARCHED_CHARACTERS + 1))) == SEARCHED_CHARACTERS
