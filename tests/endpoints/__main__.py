"""Serve one answer of a protocol for ever, and refuse what its API refuses: python -m tests.endpoints messages.

`python -m tests.endpoints lybic` is a cloud of desktops and phones, with the account `ORG-test`, `key-test-0123456789`.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence

import attrs

from tests import scripted_model as completions
from tests.endpoints import chat, lybic, messages, responses
from tests.scripted_model import Answer, Check, serve_for_ever


@attrs.frozen
class Protocol:
    """How a protocol answers with a call of `act`, and refuses what is wrong."""

    answer: Callable[[Mapping[str, object], int, int], Answer]
    """Of an action, and the tokens of input and output."""
    check: Check


PROTOCOLS = {
    "chat": Protocol(
        lambda action, given, output: completions.tool_call(action, usage=completions.usage(given, output)), chat.check
    ),
    "messages": Protocol(
        lambda action, given, output: messages.message(messages.act(action), usage=messages.usage(given, output)),
        messages.check,
    ),
    "responses": Protocol(
        lambda action, given, output: responses.response(responses.act(action), usage=responses.usage(given, output)),
        responses.check,
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.endpoints", description=__doc__)
    parser.add_argument("protocol", choices=[*sorted(PROTOCOLS), "lybic"])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument(
        "--action", default='{"action": "done", "message": "scripted"}', help="JSON object that the tool is called with"
    )
    parser.add_argument("--input-tokens", type=int, default=1000)
    parser.add_argument("--output-tokens", type=int, default=20)
    options = parser.parse_args(arguments)
    if options.protocol == "lybic":
        serve_for_ever(lybic.LybicCloud(), options.port, path="")
        return 0
    protocol = PROTOCOLS[options.protocol]
    answer = protocol.answer(json.loads(options.action), options.input_tokens, options.output_tokens)
    serve_for_ever(lambda _: answer.after(options.delay), options.port, protocol.check)
    return 0


if __name__ == "__main__":
    sys.exit(main())
