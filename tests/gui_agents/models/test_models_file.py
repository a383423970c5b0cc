"""MODELS_FILE: every mistake is named with the entry, the field and what to do."""

import builtins
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.errors import ConfigError
from gui_agents.domain.model_settings import CoordinateSpace, ModelSettings, PictureFormat, WireProtocol
from gui_agents.domain.packages import install_command
from gui_agents.domain.yaml_file import MAX_CHARACTERS
from gui_agents.models.models_file import FIELDS, read_models

EVERYTHING = """\
OpenAI/My-Model:
  protocol: Responses
  tools: false
  native_tool: no
  pictures: true
  picture_formats: [png, jpeg, png]
  longest_side: 1280
  coordinates: thousand
  max_tokens: 2048
  token_field: max_output_tokens
  extra_body:
    reasoning_effort: none
    options: {num_ctx: 8192, stop: [a, null, 1.5, true]}
  headers: {X-Team: "7", Authorization: "Bearer sk-secret"}
  history_turns: 4
  history_pictures: 2
  history_characters: 9000
"""


def read(tmp_path, text):
    path = tmp_path / "models.yaml"
    path.write_text(text, encoding="utf-8")
    return read_models(path)


def mistakes(tmp_path, text):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    prefix = f"MODELS_FILE {tmp_path / 'models.yaml'}: "
    assert all(mistake.startswith(prefix) for mistake in caught.value.mistakes)
    return [mistake.removeprefix(prefix) for mistake in caught.value.mistakes]


def test_every_field_is_read(tmp_path):
    (entry,) = read(tmp_path, EVERYTHING)
    assert entry.name == "openai/my-model"
    assert ModelSettings(**entry.changes) == ModelSettings(
        protocol=WireProtocol.RESPONSES,
        tools=False,
        native_tool=False,
        pictures=True,
        picture_formats=(PictureFormat.PNG, PictureFormat.JPEG),
        longest_side=1280,
        coordinates=CoordinateSpace.THOUSAND,
        max_tokens=2048,
        token_field="max_output_tokens",  # noqa: S106 - a field's name
        extra_body={"reasoning_effort": "none", "options": {"num_ctx": 8192, "stop": ["a", None, 1.5, True]}},
        headers={"X-Team": "7", "Authorization": "Bearer sk-secret"},
        history_turns=4,
        history_pictures=2,
        history_characters=9000,
    )
    assert set(entry.changes) == set(FIELDS)


def test_no_repr_shows_what_headers_hold(tmp_path):
    (entry,) = read(tmp_path, EVERYTHING)
    assert "sk-secret" not in repr(entry) + repr(ModelSettings(**entry.changes))


def test_an_empty_file_and_an_empty_entry_change_nothing(tmp_path):
    assert read(tmp_path, "") == read(tmp_path, "# nothing yet\n") == ()
    (entry,) = read(tmp_path, "openai/m:\n")
    assert entry.changes == {}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("- a\n", "must map PROVIDER/NAME to settings"),
        ("gpt-4o: {}\n", "'gpt-4o': must be PROVIDER/NAME, or a pattern such as \"*/qwen3-vl*\""),
        ("openai/" + "*a" * 200 + ": {}\n", "'openai/*a"),
        ("7: {}\n", "'7': must be PROVIDER/NAME"),
        ("nobody/m: {}\n", "'nobody/m': no provider is called 'nobody'; `gui-agents models` lists them"),
        ("aws_bedrock/m: {}\n", "'aws_bedrock/m': requests to Amazon Bedrock are signed"),
        (
            "Qwen/Qwen3-VL: {}\n",
            "'Qwen/Qwen3-VL': write dashscope/… for the provider, or PROVIDER/Qwen/Qwen3-VL for a model of this name",
        ),
        ("openai-text/x: {}\n", "'openai-text/x': the ending -text is none of an entry; write openai/… with `pictures"),
        ("dashscope/m: {}\nDashscope/M: {}\n", "'Dashscope/M': is another spelling of an entry before it; keep one"),
        ("openai/m: 5\n", "'openai/m': must map fields to values; the fields are protocol, tools,"),
        ("openai/m: {temprature: 1}\n", "'openai/m': field 'temprature' is unknown; the fields are protocol,"),
        ("openai/m: {protocol: soap}\n", "'openai/m': field protocol must be one of: chat, responses, messages"),
        ("openai/m: {coordinates: 1000}\n", "'openai/m': field coordinates must be one of: pixels, thousand, unit"),
        ("openai/m: {pictures: maybe}\n", "'openai/m': field pictures must be true or false"),
        ("openai/m: {picture_formats: [gif]}\n", "'openai/m': field picture_formats must be one of: jpeg, png"),
        ("openai/m: {picture_formats: []}\n", "'openai/m': field picture_formats must list at least one format"),
        (
            "openai/m: {longest_side: 10}\n",
            "'openai/m': field longest_side must be a whole number from 200 to 16384, or",
        ),
        ("openai/m: {max_tokens: true}\n", "'openai/m': field max_tokens must be a whole number from 16 to 1000000"),
        ("openai/m: {max_tokens: 1e9}\n", "'openai/m': field max_tokens must be a whole number from 16"),
        ("openai/m: {token_field: a b}\n", "'openai/m': field token_field must be the name of a field"),
        ("openai/m: {extra_body: [1]}\n", "'openai/m': field extra_body must map names of fields to JSON values"),
        ("openai/m: {extra_body: {a: .nan}}\n", "'openai/m': field extra_body must map names of fields to JSON"),
        ("openai/m: {extra_body: {a: 2026-01-01}}\n", "'openai/m': field extra_body must map names of fields to JSON"),
        ("openai/m: {extra_body: {a: {1: 2}}}\n", "'openai/m': field extra_body must map names of fields to JSON"),
        ("openai/m: {extra_body: {stream: true}}\n", "'openai/m': field extra_body must not hold stream, which the"),
        (
            "openai/m: {extra_body: {max_tokens: 9}}\n",
            "'openai/m': field extra_body must not hold max_tokens; the fields",
        ),
        ("openai/m: {extra_body: {n: 4}}\n", "'openai/m': field extra_body must not hold n; the fields max_tokens and"),
        *(
            (f"openai/m: {{extra_body: {{{field}: x}}}}\n", f"'openai/m': field extra_body must not hold {field}")
            for field in ("best_of", "previous_response_id", "background", "models", "conversation", "N", "fallbacks")
        ),
        *(
            (f"openai/m: {{token_field: {field}}}\n", "'openai/m': field token_field must be the name of a field for")
            for field in ("model", "messages", "input", "tools", "n", "tool_choice", "store", "temperature", "seed")
        ),
        *(
            (f"openai/m: {{extra_body: {{{field}: fast}}}}\n", f"'openai/m': field extra_body holds {field}, which ch")
            for field in ("service_tier", "speed", "provider", "Service_Tier")
        ),
        ("openai/m: {headers: x}\n", "'openai/m': field headers must map names to texts"),
        ("openai/m: {headers: {X Y: z}}\n", "'openai/m': field headers must have names that HTTP allows"),
        ("openai/m: {headers: {Host: z}}\n", "'openai/m': field headers must not hold Host, which the service writes"),
        ("openai/m: {headers: {X: 7}}\n", "'openai/m': field headers has in X no text of at most 4000 visible ASCII"),
        ('openai/m: {headers: {X: "a\\nb"}}\n', "'openai/m': field headers has in X no text of at most 4000 visible"),
        ("openai/m: {history_turns: -1}\n", "'openai/m': field history_turns must be a whole number from 0 to 1000"),
        ("openai/m: {price: 3}\n", "'openai/m': price: must be an object such as"),
        ("openai/m: {price: {input: 3}}\n", "'openai/m': price: field output is missing"),
        ("openai/m: {price: {input: .inf, output: 1}}\n", "'openai/m': price: field input must be a number"),
        ("openai/m: {tools: true, tools: false}\n", "'tools' is there twice, the second time in line 1; keep one"),
        ("a/b: {}\na/b: {}\n", "'a/b' is there twice, the second time in line 2; keep one"),
        ("? [a]\n: {}\n", "a key in line 1 is no text"),
        ("openai/m: &x {}\nopenai/n: *x\n", "has an alias (*x); write the value out"),
        ("openai/m: {\n", "is no YAML in UTF-8 in line"),
        ("a: " + "[" * 20 + "]" * 20, "nests too deep"),
        ("#" * (MAX_CHARACTERS + 1), "is larger than 256 KiB"),
        ("openai/m: {max_tokens: " + "9" * 5000 + "}\n", "is no YAML in UTF-8"),
        ("".join(f"openai/m{number}:\n" for number in range(1001)), "has 1001 entries, and may have 1000"),
        ("openai/m: !!python/object:os.system {}\n", "'openai/m': "),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, text, mistake):
    if "python/object" in text:
        # A tag of Python's is no more than a mapping here: nothing is made of it.
        assert read(tmp_path, text)[0].changes == {}
        return
    (told,) = mistakes(tmp_path, text)
    assert told.startswith(mistake)


@pytest.mark.parametrize("field", ["max_tokens", "max_new_tokens", "maxOutputTokens", "num_predict", "max_length"])
def test_a_field_for_tokens_may_have_any_such_name(tmp_path, field):
    (entry,) = read(tmp_path, f"openai/m: {{token_field: {field}}}\n")
    assert entry.changes == {"token_field": field}


def test_what_changes_the_price_is_taken_with_a_price(tmp_path):
    text = "openai/m: {extra_body: {service_tier: priority}, price: {input: 2, output: 8}}\nopenai/n: "
    dear, plain = read(tmp_path, text + "{extra_body: {service_tier: null}}\n")
    assert (dear.changes["extra_body"], str(dear.price.output)) == ({"service_tier": "priority"}, "8")
    assert plain.changes["extra_body"] == {"service_tier": None}


def test_all_mistakes_are_told_at_once(tmp_path):
    assert len(mistakes(tmp_path, "openai/m: {tools: 1, pictures: 2, price: {}}\nnobody/n: {}\n")) == 5


def test_what_headers_hold_is_not_in_a_mistake(tmp_path):
    (told,) = mistakes(tmp_path, 'openai/m: {headers: {Authorization: "sk-secr\\net"}}\n')
    assert "sk-secr" not in told
    (told,) = mistakes(tmp_path, "openai/m: {headers: {Authorization: sk-secret: x}}\n")
    assert "sk-secret" not in told


def test_a_file_that_cannot_be_read_and_a_missing_package_are_told(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="Is a directory"):
        read_models(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"openai/m: {token_field: \xe4}")
    with pytest.raises(ConfigError, match="is no YAML in UTF-8"):
        read_models(tmp_path / "latin.yaml")
    real = builtins.__import__

    def importing(name, *rest):
        if name == "yaml":
            raise ImportError(name="yaml")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ConfigError) as caught:
        read_models(tmp_path / "latin.yaml")
    assert str(caught.value) == f"MODELS_FILE needs yaml; run: {install_command('models')}"


@given(st.text())
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    with contextlib.suppress(ConfigError):
        read(tmp_path_factory.getbasetemp(), text)
