"""What is typed into password fields is in nothing that is told, stored or logged; the sandbox and the model get it."""

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gui_agents.agent.ledger import Ledger
from gui_agents.agent.masking import MASK, MASKED_KEY, MOST, SHORTEST, Masking
from gui_agents.domain.actions import Click, Done, Drag, InvalidActionError, Key, LongPress, Navigate, Type, Wait
from gui_agents.domain.lifecycle import Ending, TaskEvent
from gui_agents.domain.model import Turn
from gui_agents.domain.sandbox import TransientSandboxError
from gui_agents.domain.screen import Bounds, Element, Observation
from tests.fakes import FixedPrices, ScriptedModel, ScriptedSandbox
from tests.gui_agents.agent.test_loop import Stage

TYPED = "hunter2!x"
USER, PASSWORD, BUTTON = Click(50, 10), Click(50, 30), Click(50, 50)
TAB, ENTER = Key(("tab",)), Key(("enter",))


def form(focus=None, *, password=True):
    """Return a page with two fields, of which one may have the focus."""
    states = {name: {"focused"} if name == focus else set() for name in ("User", "Password", "Send")}
    fields = [Element("textbox", "User", Bounds(0, 0, 100, 20), states=frozenset(states["User"]))]
    if password:
        hidden = frozenset({"protected", *states["Password"]})
        fields.append(Element("textbox", "Password", Bounds(0, 20, 100, 20), states=hidden))
    fields.append(Element("button", "Send", Bounds(0, 40, 100, 20), states=frozenset(states["Send"])))
    return Observation(100, 100, Element("window", "Log in", Bounds(0, 0, 100, 100), children=tuple(fields)))


def after(screen, *before):
    masking = Masking()
    masking.saw(screen)
    for action in before:
        masking.follow(action)
    return masking


@pytest.mark.parametrize(
    ("screen", "before", "masked"),
    [
        (form("Password"), [], True),
        (form("User"), [], False),
        (form("User"), [PASSWORD], True),
        (form("Password"), [USER], False),
        (form(), [PASSWORD], True),
        (form(), [LongPress(50, 30, 1.0)], True),
        (form(), [Drag(0, 0, 50, 30)], True),
        (form(), [PASSWORD, Wait(1)], True),
        (form(), [USER], False),
        (form(), [PASSWORD, USER], False),
        (form("User"), [TAB], True),
        (form("User"), [ENTER], True),
        (form("User"), [Type("ann\t")], True),
        (form("User"), [Navigate("https://example.com/")], True),
        (form("Send"), [], True),
        (form(), [BUTTON], True),
        (form(), [], True),
        (form(password=False), [], False),
        (form("User", password=False), [TAB], False),
        (Observation(100, 100), [PASSWORD], False),
    ],
)
def test_a_text_is_masked_if_it_may_go_to_a_password_field(screen, before, masked):
    assert after(screen, *before).follow(Type(TYPED)) == Type(MASK if masked else TYPED)


def test_what_was_clicked_counts_until_something_else_is_even_if_the_tree_tells_no_focus():
    masking = after(form(), PASSWORD)
    masking.saw(form())
    assert masking.follow(Type(TYPED)) == Type(MASK)
    masking.follow(USER)
    masking.saw(form())
    assert masking.follow(Type("ann")) == Type("ann")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"ann\t{TYPED}", f"ann\t{MASK}"),
        (f"ann\r\n{TYPED}\n", f"ann\r\n{MASK}"),
        ("ann\n", "ann\n"),
        (f"\t{TYPED}", f"\t{MASK}"),
    ],
)
def test_a_text_that_goes_on_in_the_next_field_is_masked_from_there(text, told):
    masking = after(form("User"))
    assert masking.follow(Type(text)) == Type(told)
    assert masking.text(f"typed {text}").rstrip() == f"typed {told}".rstrip()
    assert after(form("User", password=False)).follow(Type(text)) == Type(text)


def test_keys_that_spell_a_password_are_masked_and_others_are_not():
    masking = after(form("Password"))
    assert masking.follow(Key(("h",))) == Key((MASKED_KEY,))
    assert masking.follow(Key(("shift", "h"))) == Key(("shift", MASKED_KEY))
    assert masking.follow(Key(("backspace",))) == Key(("backspace",))
    assert after(form("User")).follow(Key(("h",))) == Key(("h",))


def test_a_plan_is_masked_before_it_is_carried_out():
    masking = after(form("User"))
    plan = (USER, Type("ann"), PASSWORD, Type(TYPED), TAB, Type("what?"))
    assert masking.plan(plan) == (USER, Type("ann"), PASSWORD, Type(MASK), TAB, Type(MASK))
    assert masking.text(f"type {TYPED}, then what?") == f"type {MASK}, then what?"
    assert masking.follow(Type("ann")) == Type("ann")


def test_only_whole_words_of_some_length_are_looked_for():
    masking = after(form("Password"))
    masking.follow(Type("word"))
    masking.follow(Type("pin"))
    assert masking.text("word words sword-word pin (word) WORD") == f"{MASK} words sword-{MASK} pin ({MASK}) WORD"
    assert after(form("User")).text("word") == "word"


def test_of_more_passwords_than_are_looked_for_nothing_is_told_any_more():
    masking = after(form("Password"), Type("\n".join(f"word{number}" for number in range(MOST))))
    assert masking.text("word0 and word99, but hello") == f"{MASK} and {MASK}, but hello"
    masking.saw(form("Password"))
    for number in range(3):
        masking.follow(Type("\n".join(f"more{number}-{line}" for line in range(1500))))
        masking.saw(form("Password"))
    assert len(masking._passwords) == MOST + 1
    assert masking.text("hello") == MASK
    assert masking.text("") == ""
    end = Ending(event=TaskEvent.COMPLETE, message="completed", result="hello")
    assert masking.ending(end) == attrs.evolve(end, message=MASK, result=MASK)


def test_a_password_within_another_does_not_save_the_rest_of_it():
    masking = after(form("Password"))
    masking.follow(Type("open"))
    masking.follow(Type("open sesame"))
    assert masking.text("'open sesame' and 'open'") == f"'{MASK}' and '{MASK}'"


def test_all_texts_of_turns_and_ends_are_masked():
    masking = after(form("Password"))
    turn = Turn("log in", Navigate(f"https://x/?p={TYPED}"), f"because {TYPED}", f"typed {TYPED}", TYPED)
    ending = Ending(event=TaskEvent.COMPLETE, message=f"done: {TYPED}", result=TYPED)
    assert (masking.turn(turn), masking.ending(ending)) == (turn, ending)
    masking.follow(Type(TYPED))
    masked = masking.turn(turn)
    assert (masked.action, masked.rationale, masked.outcome, masked.said) == (
        Navigate(f"https://x/?p={MASK}"),
        f"because {MASK}",
        f"typed {MASK}",
        MASK,
    )
    assert masking.ending(ending) == attrs.evolve(ending, message=f"done: {MASK}", result=MASK)
    other = Turn("log in", None, "", "ok")
    assert masking.turn(other) is other


passwords = st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc", "Zl", "Zp"]), min_size=SHORTEST, max_size=20)


@given(passwords, st.tuples(st.text(max_size=5), st.text(max_size=5)))
@example("****", ("", ""))
def test_a_password_is_found_between_spaces_whatever_it_is_made_of(password, around):
    masking = after(form("Password"))
    masking.follow(Type(password))
    told = masking.text(f"{around[0]} {password} {around[1]}")
    assert password not in told.replace(MASK, "").split(" ")


@st.composite
def trees(draw, depth=3):
    """Draw a tree, and remember in `value` of each field what would be typed there."""
    bounds = Bounds(*(draw(st.integers(0, 90)) for _ in range(2)), *(draw(st.integers(0, 40)) for _ in range(2)))
    role = draw(st.sampled_from(["textbox", "window", "button", "combobox", "group"]))
    states = draw(st.frozensets(st.sampled_from(["focused", "protected", "disabled"]), max_size=2))
    below = tuple(draw(st.lists(trees(depth - 1), max_size=3))) if depth else ()
    return Element(role, draw(st.sampled_from(["", "a", "b"])), bounds, "", states, below)


def every(element):
    yield element
    for child in element.children:
        yield from every(child)


@given(trees())
def test_whatever_the_tree_a_focused_or_clicked_password_field_is_one(tree):
    screen = Observation(100, 100, tree)
    for element in every(tree):
        if "protected" in element.states and element.bounds.width and element.bounds.height:
            assert after(screen, Click(*element.bounds.center)).follow(Type(TYPED)) == Type(MASK)
    if any({"protected", "focused"} <= element.states for element in every(tree)):
        assert after(screen).follow(Type(TYPED)) == Type(MASK)
    if not any("protected" in element.states for element in every(tree)):
        assert after(screen).follow(Type(TYPED)) == Type(TYPED)


class Records:
    """The service's state, and the steps that it was told."""

    def __init__(self, state):
        self._state = state
        self.steps = []

    def __getattr__(self, verb):
        return getattr(self._state, verb)

    def step_told(self, task_id, text, step=None):
        self.steps.append(step)
        self._state.step_told(task_id, text, step=step)


async def run(*script, screens, acted=()):
    model, sandbox = ScriptedModel(*script), ScriptedSandbox(*acted, screens=screens)
    stage = Stage(model, sandbox)
    stage.records = Records(stage.state)
    stage.ledger = Ledger("t", stage.records, FixedPrices())
    stage.ending = await stage.run()
    return stage


async def test_the_sandbox_and_the_model_get_what_nobody_is_told():
    stage = await run(
        (PASSWORD, Type(TYPED)),
        Done(f"logged in with {TYPED}"),
        screens=[form()],
        acted=["clicked", f"typed '{TYPED}'"],
    )
    assert stage.sandbox.acted == [PASSWORD, Type(TYPED)]
    shown = stage.model.requests[-1].history
    assert [(turn.action, turn.outcome) for turn in shown][1] == (Type(TYPED), f"typed '{TYPED}'")
    kept = stage.episode.conversation.told
    assert [turn.action for turn in kept.turns][1:] == [Type(MASK), Done(f"logged in with {MASK}")]
    assert TYPED not in str(kept)
    assert not any(TYPED in text for text in stage.told)
    assert [step.action for step in stage.records.steps][1] == Type(MASK)
    assert TYPED not in str(stage.records.steps)
    assert f"then type(text='{MASK}') (2 of 2); typed '{MASK}'" in stage.told[1]


async def test_a_password_that_is_too_short_to_look_for_is_masked_where_it_is_typed():
    stage = await run((PASSWORD, Type("42")), Done("42"), screens=[form()])
    assert [step.action for step in stage.records.steps] == [PASSWORD, Type(MASK), Done("42")]
    assert [turn.action for turn in stage.episode.conversation.told.turns] == [PASSWORD, Type(MASK), Done("42")]


async def test_what_is_dropped_is_masked_too():
    stage = await run(
        (USER, Type("ann"), PASSWORD, Type(TYPED)), Done("x"), screens=[form()], acted=[TransientSandboxError("no")]
    )
    kept = stage.episode.conversation.told
    assert [turn.action for turn in kept.turns[:4]] == [USER, Type("ann"), PASSWORD, Type(MASK)]
    assert stage.model.requests[-1].history[3].action == Type(TYPED)


async def test_an_invalid_answer_on_a_screen_with_a_password_field_is_not_shown():
    wrong = InvalidActionError(f"type has no field {TYPED!r}", said=f'{{"action": "type", "txt": "{TYPED}"}}')
    stage = await run(wrong, wrong, wrong, screens=[form("Password")])
    assert TYPED not in stage.ending.message
    assert stage.ending.message.endswith("no action; not shown, as it may hold a password")
    assert not any(TYPED in text for text in stage.told)
    assert TYPED not in str(stage.episode.conversation.told)
    assert TYPED in stage.model.requests[-1].history[0].said
    shown = await run(InvalidActionError("x is unknown"), screens=[form("User", password=False)])
    assert "invalid: x is unknown" in shown.told[0]


async def test_a_password_said_before_it_was_typed_is_not_kept_for_the_next_task():
    stage = await run(Type(TYPED), (PASSWORD, Type(TYPED)), Done("x"), screens=[form(password=False), form()])
    turns = stage.episode.conversation.told.turns
    assert [turn.action for turn in turns] == [Type(MASK), PASSWORD, Type(MASK), Done("x")]


async def test_turns_that_are_forgotten_leave_nothing_behind():
    stage = Stage(ScriptedModel())
    conversation = stage.episode.conversation
    conversation.masking.saw(form("Password"))
    for _ in range(300):
        turn = Turn("log in", Type("x" * 10_000), "", "ok")
        conversation.note(turn, told=attrs.evolve(turn, action=conversation.masking.follow(turn.action)))
    assert len(conversation._told) == len(conversation.history.turns) < 150
