"""A request that an endpoint refuses because of what it lacks is made once more without it, and that is remembered."""

import pytest

from gui_agents.domain.actions import Click, InvalidActionError
from gui_agents.domain.model import ModelError
from gui_agents.domain.usage import CallOutcome
from gui_agents.models.clients import ModelClients
from gui_agents.models.features import MAX_REMEMBERED, REMEMBERED_SECONDS, Feature, KnownLacks, lacked
from tests.gui_agents.models.observed import PNG
from tests.scripted_model import ScriptedModelServer, error, text

CLICK = '{"action": "click", "x": 10, "y": 20}'

NO_TOOLS = [
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    (400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
    (404, "No endpoints found that support tool use. To learn more about provider routing, visit: https://x.example"),
    (500, "tools param requires --jinja flag"),
    (400, "Function calling is not enabled for models/gemma-3-27b-it"),
    (400, "Function tools with reasoning_effort are not supported; set reasoning_effort to 'none'."),
    (400, "`tools` is not supported by this model"),
    (422, "Unknown parameter: 'tools'."),
    (400, "No tool call parser is configured; start the server with --tool-call-parser"),
    (404, "tools are disabled on this server"),
    (400, "Function calling is disabled"),
    (400, "This model can't use tools"),
    (400, "模型不支持function call"),
    (400, "该模型不支持工具调用"),
    (501, "tool calling not implemented"),
    (400, "Unexpected keyword argument 'tools'"),
    (400, 'Invalid JSON payload received. Unknown name "tools": Cannot find field.'),
]
NO_TOOL_CHOICE = [
    (400, "tool_choice is not supported for this model"),
    (404, "No endpoints found that support the provided 'tool_choice' value."),
    (400, "deepseek-reasoner does not support this tool_choice"),
]
NO_PICTURES = [
    (404, "No endpoints found that support image input"),
    (500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
    (400, "At most 0 image(s) may be provided in one request."),
    (400, "Qwen3-8B is not a multimodal model"),
    (400, "Model does not support images. Please use a model that does."),
    (400, "Invalid content type. image_url is only supported by certain models."),
    (422, "Failed to deserialize the JSON body: messages[1]: unknown variant `image_url`, expected `text`"),
    (400, "'messages.1.content' : value must be a string"),
    (400, "The model is not a VLM (Vision Language Model). Please use text-only prompts."),
    (422, "Input should be a valid string"),
    (400, "messages[1].content: expected string, received array"),
    (400, "json: cannot unmarshal array into Go struct field ChatMessage.messages.content of type string"),
    (400, "invalid message content type: []interface {}"),
    (400, "Model only supports text"),
    (400, "the model has no vision"),
    (400, "This model only supports text input."),
    (400, "Only text content is supported"),
    (400, "This model cannot process images"),
    (400, "images cannot be processed by this model"),
    (400, "image_url is only available for vision models"),
    (400, "Invalid content type image_url"),
    (400, "Invalid type for 'messages[1].content': expected a string, but got an array instead."),
    (400, "该模型不支持图片输入"),
    (400, "messages.content.type 参数非法，取值范围 ['text']"),  # noqa: RUF001 - as it is written there
    (500, "the model does not have vision capability"),
]
NO_COMPUTER_TOOL = [
    (400, "tools.0: Input tag 'computer_toolset_20260801' found using 'type' does not match any of the expected tags"),
    (400, "'claude-x' does not support tool types: computer_toolset_20260801."),
    (400, "Tool 'computer' is not supported with gpt-x."),
    (400, "Invalid value: 'computer'. Supported values are: 'function', 'mcp' and 'custom'."),
]
OTHER_TOKEN_FIELD = [
    (400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
    (400, "Unrecognized request argument supplied: max_completion_tokens"),
    (422, "max_completion_tokens: Extra inputs are not permitted"),
    (400, "max_tokens is deprecated; use max_completion_tokens"),
]
NOTHING_LACKS = [
    (400, "max_tokens is too large: 4096. This model supports at most 2048 completion tokens"),
    (400, "This model's maximum context length is 4096 tokens, however you requested 5000"),
    (400, "Unsupported image format: image/webp"),
    (400, "image size is not supported: exceeds 8000 pixels"),
    (404, "The model `llama-vision` is not known"),
    (401, "this key does not support tools"),
    (429, "image requests are not supported at this rate"),
    (400, "because"),
    (400, "Could not process image"),
    (400, "this request has no messages"),
    (500, "Internal error while processing image: connection unexpectedly closed"),
    (500, "An unexpected error occurred while invoking the function"),
    (500, "unknown error in tool server"),
    (500, "Upstream function timed out; retry required"),
    (500, "The tool failed. If this persists, contact support"),
    (400, "The image failed. If this persists, contact our support team at support@provider.example"),
    (400, "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."),
    (400, "messages.5.content.0.tool_result.content.1: image is required"),
    (400, "messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1."),
    (400, "No tool output found for function call call_abc."),
    (400, "Missing required parameter: 'input[3].content[1].image_url'"),
    (400, "The `act` function: schema must be valid; 'description' is required"),
    (400, "Invalid 'input[2].call_id': string too long. Function call id must be at most 64"),
    (400, "temperature not supported with tools"),
    (400, "Too many images provided. This model supports up to 5 images"),
    (400, "At most 1 image(s) may be provided in one prompt."),
    (400, "不支持的图片格式"),
]


@pytest.mark.parametrize(
    ("status", "said", "feature"),
    [
        *((*case, Feature.TOOLS) for case in NO_TOOLS),
        *((*case, Feature.TOOL_CHOICE) for case in NO_TOOL_CHOICE),
        *((*case, Feature.PICTURES) for case in NO_PICTURES),
        *((*case, Feature.COMPUTER_TOOL) for case in NO_COMPUTER_TOOL),
        (400, "Encrypted content is not supported with this model.", Feature.ENCRYPTED_REASONING),
        *((*case, Feature.TOKEN_FIELD) for case in OTHER_TOKEN_FIELD),
        *((*case, None) for case in NOTHING_LACKS),
    ],
)
def test_what_is_lacking_is_read_from_the_words(status, said, feature):
    assert next(iter(lacked(said, status)), None) == feature


def refusing(*fields: str, said: str, status: int = 400):
    """Refuse each request that has one of the fields; else click."""

    def answer(request):
        pictures = any(isinstance(message["content"], list) for message in request.body["messages"])
        sent = {*request.body, *(["pictures"] if pictures else [])}
        return error(status, said) if sent & {*fields} else text(CLICK)

    return answer


@pytest.mark.parametrize(
    ("fields", "status", "said", "attempts"),
    [
        *(({"tools", "tool_choice"}, *case, 2) for case in NO_TOOLS),
        *(({"tool_choice"}, *case, 2) for case in NO_TOOL_CHOICE),
        *(({"tools"}, *case, 3) for case in NO_TOOL_CHOICE),
        *(({"pictures"}, *case, 2) for case in NO_PICTURES),
        *(({"max_tokens"}, *case, 2) for case in OTHER_TOKEN_FIELD[:1]),
    ],
)
async def test_a_refused_request_is_made_once_more_and_the_lack_remembered(asked, fields, status, said, attempts):
    clients = ModelClients()
    async with ScriptedModelServer(refusing(*fields, said=said, status=status)) as server:
        one, other = asked(server, clients=clients), asked(server, clients=clients)
        assert (await one.decide(screenshot=PNG)).actions == (Click(10, 20),)
        assert len(server.requests) == attempts
        assert (await other.decide(screenshot=PNG)).actions == (Click(10, 20),)
        assert len(server.requests) == attempts + 1
    assert [call.outcome for call in one.calls] == [*[CallOutcome.ERROR] * (attempts - 1), CallOutcome.OK]
    assert [call.unbilled for call in one.calls] == [*[True] * (attempts - 1), False]
    assert len(one.calls.reserved) == attempts
    assert one.pauses == []


async def test_a_model_that_takes_no_pictures_needs_none_from_then_on(asked):
    clients = ModelClients()
    async with ScriptedModelServer(refusing("pictures", said="images are not supported")) as server:
        one = asked(server, clients=clients)
        assert one.model.takes_screenshots
        await one.decide(screenshot=PNG)
        assert not one.model.takes_screenshots
        assert not asked(server, clients=clients).model.takes_screenshots


async def test_several_lacks_add_up(asked):
    def answer(request):
        if "max_tokens" in request.body:
            return error(400, "Unrecognized request argument supplied: max_tokens")
        if "tools" in request.body:
            return error(400, "this model does not support tools")
        if any(isinstance(message["content"], list) for message in request.body["messages"]):
            return error(400, "this model does not support images")
        return text(CLICK)

    async with ScriptedModelServer(answer) as server:
        await asked(server).decide(screenshot=PNG)
        assert len(server.requests) == 4
        assert server.requests[-1].body["max_completion_tokens"] == 4096


async def test_what_is_refused_all_the_same_ends_and_nothing_is_remembered(asked):
    clients = ModelClients()
    async with ScriptedModelServer(lambda _: error(400, "tools are not supported")) as server:
        with pytest.raises(ModelError, match="tools are not supported"):
            await asked(server, clients=clients).decide()
        assert len(server.requests) == 2
        with pytest.raises(ModelError):
            await asked(server, clients=clients).decide()
        assert len(server.requests) == 4


async def test_an_invalid_answer_without_the_feature_is_enough_to_remember(asked):
    clients = ModelClients()
    answers = [error(400, "does not support tools"), text("Hm."), text(CLICK)]
    async with ScriptedModelServer(answers) as server:
        one = asked(server, clients=clients)
        with pytest.raises(InvalidActionError):
            await one.decide()
        await one.decide()
        assert ["tools" in sent.body for sent in server.requests] == [True, False, False]


async def test_what_is_remembered_is_tried_again_after_an_hour(asked):
    now = 0.0
    mended = False
    clients = ModelClients(lambda: now)
    refuse = refusing("pictures", said="images are not supported")
    async with ScriptedModelServer(lambda sent: text(CLICK) if mended else refuse(sent)) as server:
        one = asked(server, clients=clients)
        for _ in range(2):
            for _ in range(3):
                await one.decide(screenshot=PNG)
                now += REMEMBERED_SECONDS / 3
            assert one.model.takes_screenshots
        assert len(server.requests) == 8
        mended = True
        await one.decide(screenshot=PNG)
        assert (one.model.takes_screenshots, len(server.requests)) == (True, 9)


async def test_a_fault_that_passes_leaves_nothing_behind(asked):
    answers = [error(500, "Internal error while processing image: connection unexpectedly closed"), text(CLICK)]
    async with ScriptedModelServer(answers) as server:
        one = asked(server)
        await one.decide(screenshot=PNG)
        assert (one.model.takes_screenshots, len(one.pauses)) == (True, 1)


def test_what_is_remembered_is_bounded():
    lacks = KnownLacks()
    tools = frozenset({Feature.TOOLS})
    for number in range(MAX_REMEMBERED + 1):
        lacks.remember("http://x", f"model {number}", tools)
        lacks.of("http://x", "model 0")
    assert lacks.of("http://x", "model 0") == tools
    assert lacks.of("http://x", "model 1") == frozenset()
    assert lacks.of("http://x", f"model {MAX_REMEMBERED}") == tools
