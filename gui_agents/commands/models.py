"""`gui-agents models`: lists the providers of models, and checks what one model can do."""

import argparse
from typing import Final

from gui_agents.commands import environment, model_check
from gui_agents.commands.exits import ExitCode
from gui_agents.commands.output import Output, add_json, printable
from gui_agents.commands.providers import ProviderState, provider_states
from gui_agents.commands.verbs import Verbs, add_verb

EXAMPLES: Final = """\
  gui-agents models
  gui-agents models --json
  gui-agents models check openai/gpt-5.4
  gui-agents models check ollama/qwen2.5vl:7b --base-url http://127.0.0.1:11434/v1
"""


def add_parser(verbs: Verbs) -> None:
    """Add the verb."""
    summary = "list the providers of models, or check what a model can do"
    parser = add_verb(verbs, "models", execute, summary=summary, examples=EXAMPLES)
    add_json(parser)
    actions: Verbs = parser.add_subparsers(metavar="ACTION")
    model_check.add_parser(actions)


def execute(arguments: argparse.Namespace) -> ExitCode:
    """Print the providers."""
    output = Output(as_json=arguments.json)
    states = list(provider_states(environment.loaded()))
    width = max(len(state.row.provider) for state in states)
    for state in states:
        if arguments.json:
            output.record(state.as_record())
        else:
            mark = "configured" if state.configured else "-"
            print(f"{state.row.provider:<{width}}  {mark:<10}  {printable(described(state))}")
    return ExitCode.DONE


def described(state: ProviderState) -> str:
    """Return where a provider is, and what is missing or can be set."""
    where = state.address or "no address"
    if state.missing:
        return f"{where}; set {' and '.join(state.missing)}"
    key = f"; key from {' or '.join(state.row.key_variables)}" if state.api_key is not None else ""
    return f"{where}{key or '; without a key'}"
