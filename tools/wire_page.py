"""Renders docs/wire-reference.md and docs/operator-reference.md from the proto files, with their comments."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
INTRODUCTION: Final = """\
# The messages of the contract

This page is generated from [agent.proto](../gui_agents/proto/agent.proto); `make docs` writes it anew.

The contract is proto3. A field without "optional" has its default if it is not sent: an empty text, 0, false. An
"optional" field also says whether it was sent. How the calls work together: [calling.md](calling.md). Programs
that make them: [clients.md](clients.md).
"""
OPERATOR_INTRODUCTION: Final = """\
# The messages of the Operator service

This page is generated from [operator.proto](../gui_agents/proto/operator.proto); `make docs` writes it anew.

The Operator service finds, explains and cancels tasks, on the same port as the
[contract that starts them](wire-reference.md). How it is used: [finding-tasks.md](finding-tasks.md).
"""


@attrs.frozen
class Contract:
    """A proto file, and what its page begins with."""

    source: str
    introduction: str


AGENT: Final = Contract("gui_agents/proto/agent.proto", INTRODUCTION)
OPERATOR: Final = Contract("gui_agents/proto/operator.proto", OPERATOR_INTRODUCTION)
AGENT_PACKAGE: Final = ".lybic.agent."

# Where the comments of a descriptor's parts are: the field numbers of descriptor.proto on the way to them.
MESSAGES: Final = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
ENUMS: Final = FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER
SERVICES: Final = FileDescriptorProto.SERVICE_FIELD_NUMBER
METHODS: Final = ServiceDescriptorProto.METHOD_FIELD_NUMBER
FIELDS: Final = DescriptorProto.FIELD_FIELD_NUMBER
VALUES: Final = EnumDescriptorProto.VALUE_FIELD_NUMBER

Comments = Mapping[tuple[int, ...], str]
"""Comments by the path of what they stand above."""


class CompileError(Exception):
    """protoc could not read the contract; its own output says why."""

    def __init__(self, source: str) -> None:
        super().__init__(f"protoc does not compile {source}")


def render(contract: Contract) -> str:
    """Return the whole page.

    Raises:
        CompileError: the contract does not compile.
    """
    file = described(contract.source)
    comments = {
        tuple(location.path): " ".join(location.leading_comments.split())
        for location in file.source_code_info.location
        if location.leading_comments
    }
    return "\n".join(
        [contract.introduction, *_services(file, comments), *_messages(file, comments), *_enums(file, comments)]
    )


def described(source: str) -> FileDescriptorProto:
    """Return the contract with its comments.

    Raises:
        CompileError: it does not compile.
    """
    bundled = Path(protoc.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "contract"
        command = ["protoc", f"-I{ROOT}", f"-I{bundled}", "--include_source_info", f"--descriptor_set_out={target}"]
        if protoc.main([*command, source]) != 0:
            raise CompileError(source)
        (file,) = FileDescriptorSet.FromString(target.read_bytes()).file
    return file


def _services(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    for index, service in enumerate(file.service):
        path = (SERVICES, index)
        yield from _heading(f"Service {file.package}.{service.name}", comments.get(path))
        yield from ("| Method | Request | Reply | What it does |", "|---|---|---|---|")
        for place, method in enumerate(service.method):
            reply = f"{'stream of ' * method.server_streaming}{_link(method.output_type, file)}"
            text = comments.get((*path, METHODS, place), "")
            yield f"| `{method.name}` | {_link(method.input_type, file)} | {reply} | {text} |"
        yield ""


def _messages(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    for index, message in sorted(enumerate(file.message_type), key=lambda each: each[1].name):
        path = (MESSAGES, index)
        yield from _heading(message.name, comments.get(path))
        if message.field:
            yield from ("| Number | Field | Type | Meaning |", "|---|---|---|---|")
        for place, field in enumerate(message.field):
            text = comments.get((*path, FIELDS, place), "")
            yield f"| {field.number} | `{field.name}` | {_type(field, file)} | {text} |"
        if message.field:
            yield ""


def _enums(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    for index, enum in sorted(enumerate(file.enum_type), key=lambda each: each[1].name):
        path = (ENUMS, index)
        yield from _heading(enum.name, comments.get(path))
        yield from ("| Number | Value | Meaning |", "|---|---|---|")
        for place, value in enumerate(enum.value):
            yield f"| {value.number} | `{value.name}` | {comments.get((*path, VALUES, place), '')} |"
        yield ""


def _heading(name: str, comment: str | None) -> Iterator[str]:
    yield from (f"## {name}", "")
    if comment:
        yield from (comment, "")


def _type(field: FieldDescriptorProto, file: FileDescriptorProto) -> str:
    scalar = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    name = _link(field.type_name, file) if field.type_name else scalar
    repeated = field.label == FieldDescriptorProto.LABEL_REPEATED
    return f"{'optional ' * field.proto3_optional}{'repeated ' * repeated}{name}"


def _link(full_name: str, file: FileDescriptorProto) -> str:
    """Return a type's name: with a link to its section, if it is one of our contracts' own."""
    name = full_name.removeprefix(f".{file.package}.")
    if full_name != name:
        return f"[{name}](#{name.lower()})"
    if full_name.startswith(AGENT_PACKAGE):
        name = full_name.removeprefix(AGENT_PACKAGE)
        return f"[lybic.agent.{name}](wire-reference.md#{name.lower()})"
    return name.removeprefix(".")
