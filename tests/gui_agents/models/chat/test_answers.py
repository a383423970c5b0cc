import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.actions import Click, Done, InvalidActionError, Key, Type
from gui_agents.domain.model import Decision, ModelRefusedError
from gui_agents.domain.usage import Usage
from gui_agents.http.decoding import decode
from gui_agents.models.chat import answers
from gui_agents.models.chat.answers import read_usage
from gui_agents.models.failures import FailedAttemptError
from tests import scripted_model
from tests.gui_agents.models.observed import request

OK = Done("ok")


def read_decision(body, asked, max_tokens=4096):
    return answers.read_decision(body, asked, max_tokens=max_tokens)


def body(answer):
    return decode(answer.body)


def decided(answer, **asked):
    return read_decision(body(answer), request(**asked))


def problem(answer):
    with pytest.raises(InvalidActionError) as caught:
        decided(answer)
    return caught.value.problem


def test_a_tool_call_is_the_action_and_its_text_the_rationale():
    answer = scripted_model.tool_call({"action": "click", "x": 3, "y": 4}, content="It saves.  More\nwords.")
    assert decided(answer) == Decision((Click(3, 4),), "It saves.")


def test_arguments_that_are_an_object_already_are_taken():
    call = {"function": {"name": "act", "arguments": {"action": "done", "message": "ok"}}}
    assert read_decision({"choices": [{"message": {"tool_calls": [call]}}]}, request()).actions[0] == OK


@pytest.mark.parametrize(
    "message",
    [
        {"function_call": {"name": "act", "arguments": '{"action": "done", "message": "ok"}'}},
        {"tool_calls": [{"name": "act", "arguments": {"action": "done", "message": "ok"}}]},
    ],
)
def test_calls_of_older_and_of_plainer_shapes_are_taken(message):
    assert read_decision({"choices": [{"message": message}]}, request()).actions == (OK,)


def test_several_calls_are_several_actions_up_to_the_one_that_ends_the_task():
    decided = [{"action": "click", "x": 1, "y": 2}, {"action": "done", "message": "ok"}, {"action": "fail"}]
    calls = [{"function": {"name": "act", "arguments": json.dumps(each)}} for each in decided]
    decision = read_decision({"choices": [{"message": {"tool_calls": calls}}]}, request())
    assert decision.actions == (Click(1, 2), OK)


@pytest.mark.parametrize(
    ("content", "rationale"),
    [
        ('{"action": "done", "message": "ok"}', ""),
        ('  {"action": "done", "message": "ok"}\n', ""),
        ('It is done.\n```json\n{"action": "done", "message": "ok"}\n```', "It is done."),
        ('```\n{"action": "done", "message": "ok"}\n```', ""),
        ('I answer {"action": "done", "message": "ok"} now', "I answer now"),
        ('Not {this} but {"a": 1} and {"action": "done", "message": "ok"}', 'Not {this} but {"a": 1} and'),
    ],
)
def test_an_answer_in_text_is_taken(content, rationale):
    assert decided(scripted_model.text(content)) == Decision((OK,), rationale)


def test_a_rationale_holds_no_thoughts_and_no_half_of_a_call():
    content = '<think>Perhaps not.</think>It saves.\n<tool_call>\n{"name": "act", "argu'
    answer = scripted_model.tool_call({"action": "click", "x": 3, "y": 4}, content=content)
    assert decided(answer) == Decision((Click(3, 4),), "It saves.")


def test_thoughts_in_a_field_or_in_parts_of_their_own_are_no_answer():
    thought = '{"action": "done", "message": "saved"}'
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": thought}]},
        {"type": "reasoning", "text": thought},
    ]
    for message in (
        {"content": None, "reasoning_content": thought},
        {"content": "", "reasoning": thought},
        {"content": parts},
    ):
        with pytest.raises(InvalidActionError, match="holds no action"):
            read_decision({"choices": [{"message": message}]}, request())


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"content": "<think>Perhaps.</think>I would rather not."}, "I would rather not."),
        ({"content": "<think>Perhaps."}, ""),
        (
            {"content": "So.", "tool_calls": [{"function": {"name": "act", "arguments": '{"action": "fly"}'}}]},
            'So.\nact({"action": "fly"})',
        ),
        ({"content": "a \ud800"}, "a \ufffd"),
        ({"content": "x" * 3000}, "x" * 2000),
    ],
)
def test_an_invalid_answer_is_kept_as_it_was(message, said):
    with pytest.raises(InvalidActionError) as caught:
        read_decision({"choices": [{"message": message}]}, request())
    assert caught.value.said == said


@pytest.mark.parametrize(
    ("used", "limit"),
    [
        (None, "by max_tokens, which is 4096"),
        (4096, "by max_tokens, which is 4096"),
        (700, "after 700 tokens, by the endpoint's own limit or its context's"),
    ],
)
def test_an_answer_that_was_cut_off_says_which_limit_did_it(used, limit):
    message = {"tool_calls": [{"function": {"name": "act", "arguments": '{"action": "type", "text": "a'}}]}
    told = {} if used is None else {"usage": scripted_model.usage(10, used)}
    with pytest.raises(InvalidActionError) as caught:
        read_decision({"choices": [{"message": message, "finish_reason": "length"}], **told}, request())
    assert caught.value.problem == (
        f"the answer was cut off {limit}, before it held an action; think and answer shorter"
    )


def test_a_full_context_cuts_an_answer_off():
    answer = scripted_model.text("I", usage=scripted_model.usage(10, 7), finish_reason="model_context_window_exceeded")
    with pytest.raises(InvalidActionError, match=r"^the answer was cut off after 7 tokens"):
        read_decision(json.loads(answer.body), request())


def test_an_answer_that_was_complete_before_the_cut_is_taken():
    answer = scripted_model.text('{"action": "click", "x": 3, "y": 4}', finish_reason="length")
    assert decided(answer).actions == (Click(3, 4),)


def test_a_thought_that_was_cut_off_does_not_end_the_task():
    words = 'I might say {"action": "done", "message": "ok"}, but it is not yet because'
    assert "cut off by max_tokens" in problem(scripted_model.text(words, finish_reason="length"))


@pytest.mark.parametrize(
    "arguments", ['"{\\"action\\": \\"done\\", \\"message\\": \\"ok\\"}"', '{"action":"done","message":"ok"}\n']
)
def test_arguments_may_be_encoded_twice(arguments):
    assert decided(scripted_model.tool_call(arguments)).actions == (OK,)


def test_line_feeds_and_tabs_inside_of_arguments_are_read():
    assert decided(scripted_model.tool_call('{"action": "type", "text": "a\n\tb"}')).actions == (Type("a\n\tb"),)


def test_text_in_parts_is_taken():
    content = [{"type": "text", "text": '{"action": "done",'}, {"type": "text", "text": '"message": "ok"}'}, 5]
    assert read_decision({"choices": [{"message": {"content": content}}]}, request()).actions[0] == OK


def test_only_supported_actions_are_taken():
    answer = scripted_model.tool_call({"action": "click", "x": 3, "y": 4})
    with pytest.raises(InvalidActionError, match="is not one of: key, done, fail, ask_user"):
        decided(answer, supported=frozenset({Key.name}))


def test_what_is_wrong_is_told():
    call, text = scripted_model.tool_call, scripted_model.text
    assert problem(call('{"action": ')) == "the arguments of act must be one JSON object"
    assert problem(call("[]")) == "the arguments of act must be one JSON object"
    assert problem(call({}, tool="click")) == "there is one tool, act; there is none called 'click'"
    assert problem(call({"action": "click", "x": 1280, "y": 0})) == "click.x=1280 leaves the screen (0 to 1279)"
    none = "the answer holds no action; call act, or answer with its JSON object alone"
    assert problem(text("I cannot.")) == none
    assert problem(text("")) == none
    assert problem(text('{"action": "do', finish_reason="length")) == (
        "the answer was cut off by max_tokens, which is 4096, before it held an action; think and answer shorter"
    )
    assert problem(call('{"action": "done", "message": "\\ud800"}')) == (
        "done.message must be Unicode text, without halves of surrogate pairs"
    )


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "9" * 5000, "-" + "9" * 400, "true"])
def test_numbers_that_are_no_place_are_refused(number):
    assert problem(scripted_model.tool_call(f'{{"action": "click", "x": {number}, "y": 0}}'))


@pytest.mark.parametrize(
    "text", ['{"a":' * 50_000, "[" * 100_000, "{" * 100_000, '{"action": {"action": ' * 20_000, "```json" * 10_000]
)
def test_towers_of_brackets_are_refused(text):
    assert problem(scripted_model.text(text))
    assert problem(scripted_model.tool_call(text))


def test_a_rationale_that_no_utf8_carries_is_mended():
    answer = scripted_model.tool_call({"action": "done", "message": "ok"}, content="odd \ud800 text")
    assert decided(answer).rationale == "odd \ufffd text"


def test_text_of_the_world_is_kept():
    answer = scripted_model.tool_call({"action": "type", "text": "日本語 🙂"})
    assert decided(answer).actions[0] == Type("日本語 🙂")


def test_usage_includes_cached_tokens():
    told = scripted_model.usage(1000, 20, cached=400)
    assert read_usage({"usage": told}) == Usage(1000, 400, 20)


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 0}, Usage(5, 0, 0)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": None}, Usage(5, 0, 1)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(14, 9, 1)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": -1}}, Usage(5, 0, 1)),
        ({"prompt_tokens": 5}, None),
        ({"completion_tokens": 5}, None),
        ({"prompt_tokens": -5, "completion_tokens": 1}, None),
        ({"prompt_tokens": True, "completion_tokens": 1}, None),
        ({"prompt_tokens": "5", "completion_tokens": 1}, None),
        ({"prompt_tokens": 10**13, "completion_tokens": 1}, None),
        ([], None),
        (None, None),
    ],
)
def test_usage_that_is_told_by_halves_is_unknown(told, read):
    assert read_usage({"usage": told}) == read


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text()
    | st.characters(categories=["Cs"])
    | st.sampled_from(["act", "click", "done", '{"action": "done", "message": "ok"}']),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "action",
                    "x",
                    "y",
                    "seconds",
                    "keys",
                    "usage",
                    "prompt_tokens",
                    "completion_tokens",
                    "prompt_tokens_details",
                    "refusal",
                    "type",
                    "text",
                    "finish_reason",
                    "function_call",
                    "error",
                    "code",
                    "reasoning_tokens",
                    "completion_tokens_details",
                ]
            )
            | st.text(),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)
messages = st.builds(
    lambda message, reason: {"choices": [{"message": message, "finish_reason": reason}]}, json_values, json_values
)
calls = st.builds(
    lambda arguments: {
        "choices": [{"message": {"tool_calls": [{"function": {"name": "act", "arguments": arguments}}]}}]
    },
    json_values,
)


@given(json_values | messages | calls)
def test_any_json_is_an_action_or_an_invalid_one(content):
    content = decode(json.dumps(content))
    usage = read_usage(content)
    assert usage is None or usage.input_tokens >= usage.cached_input_tokens >= 0
    try:
        decision = read_decision(content, request())
    except InvalidActionError as error:
        error.said.encode()
        return
    except (FailedAttemptError, ModelRefusedError):
        return
    decision.rationale.encode()
    repr(decision.actions[0]).encode()


@given(st.binary() | st.text())
def test_any_text_is_decoded_or_nothing(content):
    json.dumps(decode(content))


@given(st.text(alphabet=st.sampled_from('{}[]":,act1 \\`json\n')))
def test_any_words_of_a_model_are_an_action_or_an_invalid_one(content):
    try:
        read_decision({"choices": [{"message": {"content": content}}]}, request())
    except InvalidActionError as error:
        assert error.problem  # noqa: PT017 - most examples end here, and the text is what is checked
