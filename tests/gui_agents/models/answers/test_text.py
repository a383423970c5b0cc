import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import InvalidActionError
from gui_agents.models.answers.text import MAX_STARTS, has_half_of_call, in_text, words_in
from gui_agents.models.answers.thoughts import MAX_TEXT

CLICK = {"action": "click", "x": 10, "y": 20}
DONE = {"action": "done", "message": "x"}
ANSWER = json.dumps(CLICK)
SAVED = json.dumps({"action": "done", "message": "saved"})
ANALYSIS = f"<|channel|>analysis<|message|>Perhaps {SAVED}<|end|><|start|>assistant<|channel|>"
DEEPSEEK = "<|tool_calls_begin|><|tool_call_begin|>function<|tool_sep|>act\n".replace("|", "\uff5c").replace(
    "_", "\u2581"
)
QWEN = (
    "<function=act>\n<parameter=action>\nclick\n</parameter>\n<parameter=x>10</parameter>\n"
    "<parameter=y>\n20\n</parameter>\n</function>"
)
GLM = (
    "<tool_call>act\n<arg_key>action</arg_key>\n<arg_value>click</arg_value>\n<arg_key>x</arg_key>"
    "<arg_value>10</arg_value><arg_key>y</arg_key><arg_value>20</arg_value></tool_call>"
)
INVOKED = (
    '<invoke name="act"><parameter name="action">click</parameter><parameter name="x">10</parameter>'
    '<parameter name="y">20</parameter></invoke>'
)
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
        f"<tool_call>\n{QWEN}\n</tool_call>",
        f"The page says {SAVED}. {QWEN}",
        GLM,
        f"<minimax:tool_call>{INVOKED}</minimax:tool_call>",
        f"The page says {SAVED}. {DEEPSEEK}```json\n{ANSWER}\n```",
        f"act({ANSWER})",
        'So: {"action": "click", "x": 10, "y": 20,} it is.',
        f"{ANSWER}<|end|>",
        f"{ANSWER}<|im_end|>",
    ],
)
def test_the_answer_is_found(text):
    assert [{**each, "x": int(each["x"]), "y": int(each["y"])} for each in found(text)] == [CLICK]


TYPED = json.dumps({"action": "type", "text": "<parameter=x>"})


@pytest.mark.parametrize(
    "text",
    [
        f"<function=act><parameter=action>done</parameter><parameter=message>{ANSWER}",
        f"<function=act><parameter=action>click</parameter><parameter=x>{ANSWER}</function>",
        "<function=act><parameter=action>click</parameter><parameter=action>done</parameter></function>",
        f"<tool_call>act<arg_key>message</arg_key><arg_value>{SAVED}</tool_call>",
        f"<parameter=text>{SAVED}</parameter>",
        f"<arg_value>{SAVED}</arg_value>",
    ],
)
def test_a_call_in_tags_is_never_read_by_halves(text):
    with pytest.raises(InvalidActionError, match="not whole"):
        in_text(text)


def test_tags_inside_of_an_action_are_text():
    assert found(f"I type: {TYPED}") == [json.loads(TYPED)]
    message = f"<function=act><parameter=action>done</parameter><parameter=message>{ANSWER}</parameter></function>"
    assert found(message) == [{"action": "done", "message": ANSWER}]


@pytest.mark.parametrize(
    "text",
    [
        f"I might say {SAVED}, but it is not yet because",
        f"I might {ANSWER} but",
        SAVED,
        f"So: {SAVED}",
        f"{ANSWER} {SAVED}",
        json.dumps([CLICK, json.loads(SAVED)]),
        f"<tool_call>{ANSWER}</tool_call> and then",
    ],
)
def test_after_a_cut_an_object_counts_only_at_the_end_and_if_it_does_not_end_the_task(text):
    assert list(in_text(text, cut_off=True).answers) == []


@pytest.mark.parametrize(
    "text", [ANSWER, f"I click {ANSWER}", f"```json\n{ANSWER}\n```", f"<tool_call>{ANSWER}</tool_call>"]
)
def test_what_was_complete_before_the_cut_counts(text):
    assert list(in_text(text, cut_off=True).answers) == [CLICK]


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call>",
        '<invoke name="act">',
        "act({",
        'I click {"action": "cl',
        "left_click(10, 20)",
        DEEPSEEK,
        "{'action': 'click'}",
        "[TOOL_CALLS]",
    ],
)
def test_halves_of_calls_are_noticed(text):
    assert has_half_of_call(text)


@pytest.mark.parametrize(
    "text", ["Saved.", '{"price": 3}', "I may act (soon).", "Use <b>it</b>.", "<think>act({</think>So."]
)
def test_words_are_no_halves_of_calls(text):
    assert not has_half_of_call(text)


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
        ("I click. <function=act><parameter=action>click", "I click."),
        ('I click. <minimax:tool_call><invoke name="act"><parameter name="action">click', "I click."),
        ("I click. act({", "I click."),
        (f"I click. act({ANSWER})", "I click."),
        (f'I click. {DEEPSEEK}```json\n{{"action":"cl', "I click."),
        (f"I click. [TOOL_CALLS]act[ARGS]{ANSWER}", "I click."),
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
