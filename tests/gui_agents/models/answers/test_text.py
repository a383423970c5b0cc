import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.answers.text import MAX_STARTS, in_text, words_in
from gui_agents.models.answers.thoughts import MAX_TEXT

CLICK = {"action": "click", "x": 10, "y": 20}
DONE = {"action": "done", "message": "x"}
ANSWER = json.dumps(CLICK)
SAVED = json.dumps({"action": "done", "message": "saved"})
ANALYSIS = f"<|channel|>analysis<|message|>Perhaps {SAVED}<|end|><|start|>assistant<|channel|>"
CODE = "function f(a) { if (a) { return { b: 1 }; } } " * 500
STYLES = ".a { color: red; }\n" * 500
DATA = '{"name": "a", "size": 1} ' * 500


def found(text):
    return list(in_text(text).answers)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>I might say {SAVED}, but it is not.</think>\n{ANSWER}",
        f"I might say {SAVED}, but it is not.</think>\n{ANSWER}",
        f"The page says: {SAVED}. I go on. {ANSWER}",
        f"{CODE}\n{ANSWER}",
        f"{STYLES}\n{ANSWER}",
        f"{DATA}\n{ANSWER}",
        '{"a":' * 2000 + ANSWER,
        f"{ANSWER}\n{ANSWER}",
        f"```json\n{ANSWER}\n```",
        f"```json\n{ANSWER}",
        f"Not {{this}} but {ANSWER}, I think.",
        json.dumps(ANSWER),
        f"[{ANSWER}]",
        json.dumps({"name": "act", "arguments": CLICK}),
        json.dumps({"name": "act", "arguments": ANSWER}),
        json.dumps({"type": "function", "function": {"name": "act", "parameters": CLICK}}),
        f'<tool_call>\n{{"name": "act", "arguments": {ANSWER}}}\n</tool_call>',
        f"The page says {SAVED}.\n<tool_call>{ANSWER}</tool_call>",
        f'[TOOL_CALLS][{{"name": "act", "arguments": {ANSWER}}}]',
        f"<function=act>{ANSWER}</function>",
        f"{ANALYSIS}commentary to=functions.act <|constrain|>json<|message|>{ANSWER}<|call|>",
        f"{ANALYSIS}final<|message|>{ANSWER}",
        f"{ANSWER}<|end|>",
        f"{ANSWER}<|im_end|>",
    ],
)
def test_the_answer_is_found(text):
    assert found(text) == [CLICK]


@pytest.mark.parametrize(
    "text",
    [
        f"<think>I would {SAVED}",
        f"{SAVED} perhaps</think>",
        f"<think>{SAVED}</think>",
        f"{SAVED}<think>so</think> or not</think> Hm.",
        f"<THINKING>{SAVED}</THINKING> Hm.",
        "no object",
        "",
        "{}",
        '{"a": 1}',
        '{"action": "do',
        '{"action": 7}',
    ],
)
def test_what_holds_no_answer_holds_none(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("<think>", "</think>"),
        ("<Think >", "</think >"),
        ('<think type="deep">', "</think>"),
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("<reflection>", "</reflection>"),
        ("<analysis>", "</analysis>"),
        ("<scratchpad>", "</scratchpad>"),
        ("<seed:think>", "</seed:think>"),
        ("[THINK]", "[/THINK]"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("◁think▷", "◁/think▷"),
        ("<|channel>thought\n", "<channel|>"),
        ("<unused94>thought\n", "<unused95>"),
        ("[THOUGHT]", "[/THOUGHT]"),
        ("<|thinking_start|>", "<|thinking_end|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|im_thinking|>", "<|/im_thinking|>"),
        ("< think >", "</ think >"),
        ("&lt;think&gt;", "&lt;/think&gt;"),
        ("<longcat_think>", "</longcat_think>"),
        ("<mm:think>", "</mm:think>"),
        ("<thinking_process>", "</thinking_process>"),
        ("<chain_of_thought>", "</chain_of_thought>"),
        ("<inner_thinking>", "</inner_thinking>"),
        ("<planning>", "</planning>"),
    ],
)
def test_thoughts_are_marked_in_many_ways(begin, end):
    assert found(f"{begin}Perhaps {SAVED}{end}{ANSWER}") == [CLICK]
    assert found(f"Perhaps {SAVED}{end}{ANSWER}") == [CLICK]
    assert found(f"{ANSWER}{begin}Perhaps {SAVED}") == [CLICK]
    assert found(f"{begin}a {begin} b{end}{ANSWER}") == [CLICK]
    assert found(f"{begin}Perhaps {ANSWER} but{end}\nI cannot find it.") == []
    assert words_in(f"{begin}Perhaps.{end}I click.") == "I click."


@pytest.mark.parametrize("begin", ["<think>", "Well. <think>"])
def test_a_long_thought_that_is_not_closed_holds_no_answer(begin):
    assert found(f"{begin}{'hm ' * MAX_TEXT}{SAVED}") == []
    assert found(f"{begin}{'hm ' * MAX_TEXT}{SAVED}</think>{ANSWER}") == [CLICK]


def test_text_to_type_may_look_like_a_thought():
    answer = {"action": "type", "text": "<think>so</think>"}
    assert found(json.dumps(answer)) == [answer]


@pytest.mark.parametrize("text", [f"I could {ANSWER}. The page says {SAVED}", f"{json.dumps(DONE)} or {SAVED}"])
def test_of_different_actions_none_that_ends_the_task_is_taken(text):
    with pytest.raises(InvalidActionError, match="several different actions"):
        in_text(text)


def test_the_first_of_different_actions_is_never_taken():
    assert found(f"{SAVED} {ANSWER}") == [CLICK]


def test_calls_that_are_marked_are_all_taken_in_order():
    typed = {"action": "type", "text": "a"}
    calls = "".join(
        f'<tool_call>{{"name": "act", "arguments": {json.dumps(each)}}}</tool_call>\n' for each in (CLICK, typed)
    )
    assert found(calls) == [CLICK, typed]
    assert found(json.dumps([CLICK, typed])) == [CLICK, typed]


def test_line_feeds_and_tabs_inside_of_strings_are_read():
    assert found('I type. {"action": "type", "text": "a\n\tb"}') == [{"action": "type", "text": "a\n\tb"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"I click. {ANSWER}", "I click."),
        (f"I click {ANSWER} now", "I click  now"),
        ('I click.\n<tool_call>\n{"name": "act", "argu', "I click."),
        ('I click. {"action": "cl', "I click."),
        ("I click.\n```json\n{", "I click."),
        (f"<think>{SAVED}</think>I click.", "I click."),
        ("<tool_call></tool_call>I click.", "I click."),
        (f"I click. <answer>{ANSWER}</answer>", "I click."),
        ('Not {this} but {"a": 1}.', 'Not {this} but {"a": 1}.'),
    ],
)
def test_words_hold_no_thoughts_and_no_halves_of_calls(text, words):
    assert words_in(text).strip() == words


def test_the_last_objects_are_read_if_there_are_too_many():
    assert found('{"a": ' * (MAX_STARTS * 3) + ANSWER) == [CLICK]


SIGNS = ["{", "}", '{"a":', "```", "```json", "[", "]", '"', "\\", " words "]
pieces = st.sampled_from(["<think>", "</think>", "<tool_call>", ANSWER, SAVED, *SIGNS])


@given(st.lists(pieces, max_size=30).map("".join))
def test_any_text_is_read(text):
    words_in(text).encode()
    try:
        answers = in_text(text).answers
    except InvalidActionError:
        return
    assert all(answer in (CLICK, json.loads(SAVED)) for answer in answers)


@given(st.lists(pieces, max_size=20).map("".join))
def test_what_is_behind_the_last_thought_counts(text):
    thought = text.replace("<think>", "")
    assert found(f"{thought}</think>{ANSWER}") == [CLICK]
