"""The page on the messages has everything of the contract, with the comments of the proto file."""

import re

import pytest

from gui_agents.proto import agent_pb2, operator_pb2
from tools import wire_page

PAGES = {"Agent": wire_page.render(wire_page.AGENT), "Operator": wire_page.render(wire_page.OPERATOR)}
CONTRACTS = {"Agent": agent_pb2.DESCRIPTOR, "Operator": operator_pb2.DESCRIPTOR}
TITLES = {"Agent": "Service lybic.agent.Agent", "Operator": "Service gui_agents.v1.Operator"}
SECTIONS = {
    name: dict(re.findall(r"^## ([^\n]+)\n\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    for name, page in PAGES.items()
}
MESSAGES = [(name, each) for name, file in CONTRACTS.items() for each in file.message_types_by_name.values()]
ENUMS = [(name, each) for name, file in CONTRACTS.items() for each in file.enum_types_by_name.values()]

each_contract = pytest.mark.parametrize("contract", CONTRACTS)


def rows(contract: str, section: str) -> list[list[str]]:
    """Return the cells of a section's table, without the heading."""
    lines = [line for line in SECTIONS[contract][section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@each_contract
def test_the_sections_are_the_service_then_the_messages_then_the_enums(contract):
    file = CONTRACTS[contract]
    messages, enums = sorted(file.message_types_by_name), sorted(file.enum_types_by_name)
    assert list(SECTIONS[contract]) == [TITLES[contract], *messages, *enums]


@each_contract
def test_every_part_of_the_contract_says_what_it_is_for(contract):
    openings = {name: section.splitlines()[0] for name, section in SECTIONS[contract].items()}
    assert [name for name, line in openings.items() if not line.endswith(".") or line.startswith("|")] == []
    assert [row[0] for row in rows(contract, TITLES[contract]) if not row[3].endswith(".")] == []


@each_contract
def test_every_method_is_listed_with_its_request_and_its_reply(contract):
    service = CONTRACTS[contract].services_by_name[contract]
    listed = [
        (method, re.findall(r"\[(\w+)\]", request + reply))
        for method, request, reply, _ in rows(contract, TITLES[contract])
    ]
    assert listed == [(f"`{each.name}`", [each.input_type.name, each.output_type.name]) for each in service.methods]


def test_streams_are_shown_as_such():
    replies = {method: reply for name in PAGES for method, _, reply, _ in rows(name, TITLES[name])}
    streams = {method for method, reply in replies.items() if reply.startswith("stream of ")}
    assert streams == {"`RunAgentInstruction`", "`GetAgentTaskStream`"}


@pytest.mark.parametrize(("contract", "message"), MESSAGES, ids=lambda each: getattr(each, "name", ""))
def test_every_field_is_listed_with_its_number(contract, message):
    listed = [(number, name, type_.startswith("optional ")) for number, name, type_, _ in rows(contract, message.name)]
    optional = {field.name for oneof in message.oneofs for field in oneof.fields}
    assert listed == [(str(field.number), f"`{field.name}`", field.name in optional) for field in message.fields]


@pytest.mark.parametrize(("contract", "enum"), ENUMS, ids=lambda each: getattr(each, "name", ""))
def test_every_value_is_listed_with_its_number(contract, enum):
    listed = [row[:2] for row in rows(contract, enum.name)]
    assert listed == [[str(value.number), f"`{value.name}`"] for value in enum.values]


def test_a_field_is_shown_with_its_type_and_its_comment():
    page = PAGES["Agent"]
    assert "| 6 | `taskTimeout` | optional int32 | Seconds from the task's start. 0 or unset: the default. |\n" in page
    assert "| 3 | `mode` | [InstanceMode](#instancemode) | " in page
    assert "| 4 | `timestamp` | google.protobuf.Timestamp | " in page


@each_contract
def test_every_link_of_a_page_leads_to_a_section(contract):
    anchors = {name.lower() for name in SECTIONS[contract]}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGES[contract])) - anchors == set()


def test_what_is_of_the_other_contract_links_to_its_page():
    assert "| 4 | `config` | [lybic.agent.CommonConfig](wire-reference.md#commonconfig) | " in PAGES["Operator"]


def test_a_contract_that_does_not_compile_is_an_error():
    with pytest.raises(wire_page.CompileError, match=r"protoc does not compile gui_agents/proto/none\.proto"):
        wire_page.render(wire_page.Contract("gui_agents/proto/none.proto", ""))
