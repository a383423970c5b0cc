"""`gui-agents models`: the providers, and what one model can do, against real endpoints on loopback."""

import json

import pytest

from gui_agents import cli
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.model_check import MAX_QUESTIONS
from gui_agents.domain.providers import PROVIDERS
from gui_agents.models.models_file import read_models
from tests.endpoints import messages
from tests.scripted_model import Answer, RecordedRequest, error, running_in_thread, text, tool_call, usage

RED = {"action": "done", "message": "Red"}


def lines(capsys) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_every_provider_is_listed_with_what_is_missing(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "sk-secret-groq")
    monkeypatch.setenv("VLLM_BASE_URL", "http://127.0.0.1:9/v1")
    assert cli.main(["models"]) == ExitCode.DONE
    rows = {line.split()[0]: line for line in lines(capsys)}
    assert list(rows) == [str(row.provider) for row in PROVIDERS]
    assert rows["groq"].split(maxsplit=1)[1] == "configured  https://api.groq.com/openai/v1; key from GROQ_API_KEY"
    assert rows["vllm"].endswith("configured  http://127.0.0.1:9/v1; without a key")
    assert rows["openai"].endswith("-           https://api.openai.com/v1; set OPENAI_API_KEY")
    assert rows["azure"].endswith("no address; set AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_API_KEY")
    assert "sk-secret-groq" not in str(rows)


def test_scripts_get_a_record_of_each_provider_without_its_key(capsys, monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "sk-secret-google")
    assert cli.main(["models", "--json"]) == ExitCode.DONE
    printed = lines(capsys)
    (gemini,) = [row for row in map(json.loads, printed) if row["provider"] == "gemini"]
    assert (gemini["configured"], gemini["key"], gemini["missing"]) == (True, True, [])
    assert gemini["variables"] == ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GEMINI_BASE_URL", "GEMINI_ENDPOINT_URL"]
    assert "sk-secret-google" not in "".join(printed)


def check(capsys, script, *words: str, model: str = "openai/my-model") -> tuple[ExitCode, dict]:
    with running_in_thread(script) as server:
        code = cli.main(["models", "check", model, "--base-url", server.base_url, "--json", *words])
        (record,) = map(json.loads, lines(capsys))
    assert record.pop("address") == server.base_url
    return code, {**record, "requests": server.requests}


def asks(request: RecordedRequest) -> tuple[bool, bool]:
    """Return whether a request has a tool, and a picture."""
    return "tools" in request.body, "image_url" in json.dumps(request.body["messages"])


def test_a_model_that_takes_all_needs_no_entry(capsys):
    code, report = check(capsys, [tool_call(RED, usage=usage(100, 9))])
    assert code == ExitCode.DONE
    assert (report["works"], report["tools"], report["pictures"], report["sees"]) == (True, True, True, True)
    assert (report["usage"], report["price"], report["entry"]) == (True, None, "")
    assert [asks(request) for request in report["requests"]] == [(True, True)]


def test_a_model_that_does_not_see_is_told_apart(capsys):
    _, report = check(capsys, [tool_call({"action": "done", "message": "none"})])
    assert (report["pictures"], report["sees"], report["usage"]) == (True, False, False)


def refusing(*, tools: bool = False, pictures: bool = False):
    """Return a script that refuses what is named."""

    def answer(request: RecordedRequest) -> Answer:
        has_tools, has_pictures = asks(request)
        if tools and has_tools:
            return error(400, "my-model does not support tools")
        if pictures and has_pictures:
            return error(400, "this model does not support image input")
        return tool_call(RED) if has_tools else text(json.dumps(RED))

    return answer


@pytest.mark.parametrize(
    ("refused", "entry"),
    [
        ({"tools": True}, '"openai/my-model":\n  tools: false'),
        ({"pictures": True}, '"openai/my-model":\n  pictures: false'),
        ({"tools": True, "pictures": True}, '"openai/my-model":\n  tools: false\n  pictures: false'),
    ],
)
def test_what_is_refused_is_found_and_the_entry_that_it_needs_printed(capsys, tmp_path, monkeypatch, refused, entry):
    code, report = check(capsys, refusing(**refused))
    assert (code, report["works"], report["entry"]) == (ExitCode.DONE, True, entry)
    assert (report["tools"], report["pictures"]) == ("tools" not in refused, "pictures" not in refused)
    file = tmp_path / "models.yaml"
    file.write_text(report["entry"])
    assert len(read_models(file)) == 1
    monkeypatch.setenv("MODELS_FILE", str(file))
    _, again = check(capsys, refusing(**refused))
    assert (again["works"], again["entry"], len(again["requests"])) == (True, "", 1)


TOKENS = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
CONTEXT = (
    "This model's maximum context length is 4096 tokens. However, you requested 8000 tokens (3904 in the messages, "
)


@pytest.mark.parametrize(
    ("refuses", "said", "entry"),
    [
        (lambda body: "tool_choice" in body, "tool_choice is not supported", '  extra_body: {"tool_choice": null}'),
        (lambda body: "max_tokens" in body, TOKENS, "  token_field: max_completion_tokens"),
        (
            lambda body: body.get("enable_thinking", True),
            "parameter.enable_thinking must be set to false for non-streaming calls",
            '  extra_body: {"enable_thinking": false}',
        ),
        (
            lambda body: body.get("reasoning_effort") != "none",
            "Function tools are not supported with this model. Set reasoning_effort to 'none'.",
            '  extra_body: {"reasoning_effort": "none"}',
        ),
        (lambda body: body["max_tokens"] > 2048, "max_tokens must be at most 2048", "  max_tokens: 2048"),
        (lambda body: body["max_tokens"] > 2000, "Range of max_tokens should be [1, 2000]", "  max_tokens: 2000"),
        (
            lambda body: body["max_tokens"] > 1500,
            f"{CONTEXT}4096 in the completion).",
            "  max_tokens: 1024\n  history_turns: 8\n  history_characters: 4096",
        ),
    ],
)
def test_what_a_refusal_names_is_printed_as_an_entry_that_mends_it(
    capsys, tmp_path, monkeypatch, *, refuses, said, entry
):
    def answer(request: RecordedRequest) -> Answer:
        return error(400, said) if refuses(request.body) else tool_call(RED)

    with running_in_thread(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert cli.main(["models", "check", "openai/my-model", "--json"]) == ExitCode.DONE
        (report,) = map(json.loads, lines(capsys))
        assert report["entry"] == f'"openai/my-model":\n{entry}'
        assert (report["tools"], report["called"], report["pictures"], report["sees"]) == (True, True, True, True)
        file = tmp_path / "models.yaml"
        file.write_text(report["entry"])
        monkeypatch.setenv("MODELS_FILE", str(file))
        asked = len(server.requests)
        assert cli.main(["models", "check", "openai/my-model", "--json"]) == ExitCode.DONE
    assert json.loads(lines(capsys)[0])["entry"] == ""
    assert len(server.requests) == asked + 1


def test_several_refusals_are_mended_one_after_the_other(capsys):
    def answer(request: RecordedRequest) -> Answer:
        if request.body.get("enable_thinking", True):
            return error(400, "enable_thinking must be set to false")
        if request.body["max_tokens"] > 2048:
            return error(400, "max_tokens must be at most 2048")
        return refusing(tools=True, pictures=True)(request)

    code, report = check(capsys, answer)
    changes = 'tools: false\n  pictures: false\n  max_tokens: 2048\n  extra_body: {"enable_thinking": false}'
    assert (code, report["entry"]) == (ExitCode.DONE, f'"openai/my-model":\n  {changes}')


def test_a_refusal_that_nothing_mends_ends_the_check(capsys):
    code, report = check(capsys, lambda _: error(400, "max_tokens must be at most 2048"))
    assert (code, report["works"], report["entry"]) == (ExitCode.FAILED, False, "")
    assert len(report["requests"]) <= MAX_QUESTIONS


def test_fields_that_the_file_has_already_are_not_shown(capsys, tmp_path, monkeypatch):
    (tmp_path / "models.yaml").write_text("openai/m: {extra_body: {tenant: sk-secret}}\n")
    monkeypatch.setenv("MODELS_FILE", "models.yaml")

    def answer(request: RecordedRequest) -> Answer:
        return error(400, "tool_choice is not supported") if "tool_choice" in request.body else tool_call(RED)

    with running_in_thread(answer) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert cli.main(["models", "check", "openai/m"]) == ExitCode.DONE
    printed = lines(capsys)
    assert printed[-1] == '    extra_body: {"tool_choice": null}  # beside tenant'
    assert "sk-secret" not in "".join(printed)


def test_tools_and_pictures_that_were_only_taken_are_not_called_working(capsys):
    with running_in_thread(lambda _: text(json.dumps({"action": "done", "message": "none"}))) as server:
        assert cli.main(["models", "check", "openai/m", "--base-url", server.base_url]) == ExitCode.DONE
    printed = lines(capsys)
    assert "tools     taken; the model called none" in printed
    assert "pictures  taken; the model did not name the colour of this one" in printed


def test_a_vendors_address_on_the_command_line_needs_a_key_that_only_the_variable_of_the_address_gives(
    capsys, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ours")
    assert cli.main(["models", "check", "openai/m", "--base-url", "https://api.openai.com/v1"]) == ExitCode.USAGE
    assert "--base-url is asked without a configured key: set the variable" in capsys.readouterr().err


def test_a_model_without_the_protocols_own_tool_is_found(capsys, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ours")

    def answer(request: RecordedRequest) -> Answer:
        native = any(tool.get("type", "").startswith("computer") for tool in request.body.get("tools", ()))
        refused = messages.error(400, "tools.0: this model does not support computer_toolset")
        return refused if native else messages.message(messages.act(RED), usage=messages.usage(10, 5))

    with running_in_thread(answer) as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.base_url)
        assert cli.main(["models", "check", "anthropic/claude-new", "--json"]) == ExitCode.DONE
    (report,) = map(json.loads, lines(capsys))
    assert report["entry"] == '"anthropic/claude-new":\n  native_tool: false'
    assert (report["protocol"], report["tools"], report["pictures"], report["sees"]) == ("messages", True, True, True)


def test_public_prices_are_not_told_of_an_endpoint_that_is_not_the_vendors(capsys):
    _, report = check(capsys, [tool_call(RED, usage=usage(100, 10))], model="openai/gpt-4o")
    assert report["price"] is None


def test_a_key_in_the_files_headers_is_sent_to_the_operators_endpoint_and_shown_to_nobody(
    capsys, tmp_path, monkeypatch
):
    (tmp_path / "models.yaml").write_text('openai/*: {headers: {X-Gateway: "tok-0123456789"}}\n')
    monkeypatch.setenv("MODELS_FILE", "models.yaml")
    with running_in_thread(lambda request: error(401, f"unknown: {request.headers['x-gateway']}")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert cli.main(["models", "check", "openai/m"]) == ExitCode.FAILED
    printed = "".join(lines(capsys))
    assert "answered 401: unknown: ********" in printed
    assert "tok-0123456789" not in printed


def test_the_price_of_the_check_is_told_where_it_is_known(capsys, tmp_path, monkeypatch):
    (tmp_path / "models.yaml").write_text("openai/my-model: {price: {input: 3, output: 15, currency: EUR}}\n")
    monkeypatch.setenv("MODELS_FILE", "models.yaml")
    _, report = check(capsys, [tool_call(RED, usage=usage(100, 10))])
    assert report["price"] == "0.000450 EUR"


def test_an_answer_that_is_no_action_and_an_endpoint_that_fails_are_problems(capsys):
    code, report = check(capsys, lambda _: text("I would rather not."))
    assert (code, report["works"], report["tools"]) == (ExitCode.FAILED, False, True)
    assert report["problem"].startswith("its answer is no action: ")
    code, report = check(capsys, lambda _: error(401, "bad key"))
    assert (code, report["works"], report["tools"]) == (ExitCode.FAILED, False, None)
    assert "answered 401: bad key" in report["problem"]
    assert len(report["requests"]) == 1


def test_an_endpoint_that_is_not_there_is_asked_once(capsys, unused_tcp_port):
    address = f"http://127.0.0.1:{unused_tcp_port}/v1"
    assert cli.main(["models", "check", "openai/m", "--base-url", address]) == ExitCode.FAILED
    printed = lines(capsys)
    assert printed[:2] == ["model     openai/m", f"endpoint  {address} (chat)"]
    assert printed[2].startswith(f"problem   the model's endpoint at 127.0.0.1:{unused_tcp_port} ")
    assert printed[3:] == ["price     unknown"]


def test_people_are_told_in_lines(capsys, monkeypatch):
    with running_in_thread(refusing(pictures=True)) as server:
        monkeypatch.setenv("VLLM_BASE_URL", server.base_url)
        monkeypatch.setenv("VLLM_API_KEY", "sk-secret-vllm")
        assert cli.main(["models", "check", "VLLM/org/model"]) == ExitCode.DONE
    printed = lines(capsys)
    assert [line.split("  ")[0] for line in printed] == [
        "model",
        "endpoint",
        "tools",
        "pictures",
        "tokens",
        "answered",
        "price",
        "MODELS_FILE needs this entry:",
        "",
        "",
    ]
    assert printed[-2:] == ['  "vllm/org/model":', "    pictures: false"]
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer sk-secret-vllm"}
    assert "sk-secret-vllm" not in "".join(printed)


def test_a_configured_key_goes_to_no_address_of_the_command_line(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-openai")
    _, report = check(capsys, [tool_call(RED)])
    assert "sk-secret-openai" not in report["requests"][0].headers["authorization"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpt-4o"], "the model must be PROVIDER/NAME, such as openai/gpt-4o, not 'gpt-4o'"),
        (["nobody/m"], "the provider: 'nobody' is none of: builtin, openai, "),
        (["groq/m"], "there is no key for https://api.groq.com/openai/v1; "),
        (["bedrock/m"], "the provider: 'bedrock' cannot be called: "),
        (["builtin/rules"], "builtin/rules calls no endpoint: there is nothing to check"),
        (["openai/m", "--base-url", "https://h/v1/chat/completions"], "--base-url: it ends in /chat/"),
        (["openai/m"], "there is no key for https://api.openai.com/v1; set OPENAI_API_KEY"),
        (["azure/m"], "no address is known of azure; give --base-url, or set AZURE_OPENAI_ENDPOINT"),
    ],
)
def test_what_cannot_be_asked_is_wrong_usage(capsys, words, said):
    assert cli.main(["models", "check", *words]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(f"gui-agents: {said}")
