"""The page on the messages has everything of the contract, with the comments of the proto file."""

import re

import pytest

from gui_agents.proto import agent_pb2
from tools import wire_page

CONTRACT = agent_pb2.DESCRIPTOR
PAGE = wire_page.render()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def rows(section: str) -> list[list[str]]:
    """Return the cells of a section's table, without the heading."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_sections_are_the_service_then_the_messages_then_the_enums():
    messages, enums = sorted(CONTRACT.message_types_by_name), sorted(CONTRACT.enum_types_by_name)
    assert list(SECTIONS) == ["Service lybic.agent.Agent", *messages, *enums]


def test_every_part_of_the_contract_says_what_it_is_for():
    openings = {name: section.splitlines()[0] for name, section in SECTIONS.items()}
    assert [name for name, line in openings.items() if not line.endswith(".") or line.startswith("|")] == []
    assert [row[0] for row in rows("Service lybic.agent.Agent") if not row[3].endswith(".")] == []


def test_every_method_is_listed_with_its_request_and_its_reply():
    service = CONTRACT.services_by_name["Agent"]
    listed = [
        (method, re.findall(r"\[(\w+)\]", request + reply))
        for method, request, reply, _ in rows("Service lybic.agent.Agent")
    ]
    assert listed == [(f"`{each.name}`", [each.input_type.name, each.output_type.name]) for each in service.methods]
    streams = {method for method, _, reply, _ in rows("Service lybic.agent.Agent") if reply.startswith("stream of ")}
    assert streams == {"`RunAgentInstruction`", "`GetAgentTaskStream`"}


@pytest.mark.parametrize("message", CONTRACT.message_types_by_name.values(), ids=lambda message: message.name)
def test_every_field_is_listed_with_its_number(message):
    listed = [(number, name, type_.startswith("optional ")) for number, name, type_, _ in rows(message.name)]
    optional = {field.name for oneof in message.oneofs for field in oneof.fields}
    assert listed == [(str(field.number), f"`{field.name}`", field.name in optional) for field in message.fields]


@pytest.mark.parametrize("enum", CONTRACT.enum_types_by_name.values(), ids=lambda enum: enum.name)
def test_every_value_is_listed_with_its_number(enum):
    assert [row[:2] for row in rows(enum.name)] == [[str(value.number), f"`{value.name}`"] for value in enum.values]


def test_a_field_is_shown_with_its_type_and_its_comment():
    assert "| 6 | `taskTimeout` | optional int32 | Seconds from the task's start. 0 or unset: the default. |\n" in PAGE
    assert "| 3 | `mode` | [InstanceMode](#instancemode) | " in PAGE
    assert "| 4 | `timestamp` | google.protobuf.Timestamp | " in PAGE


def test_every_link_of_the_page_leads_to_a_section():
    anchors = {name.lower() for name in SECTIONS}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) - anchors == set()


def test_a_contract_that_does_not_compile_is_an_error(monkeypatch):
    monkeypatch.setattr(wire_page, "SOURCE", "gui_agents/proto/none.proto")
    with pytest.raises(wire_page.CompileError, match=r"protoc does not compile gui_agents/proto/none\.proto"):
        wire_page.render()
