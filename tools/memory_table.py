"""The ceiling of a service's memory as a table: the formula, and its value with the default configuration."""

from gui_agents.ceiling import MIB, TERMS, ceiling
from gui_agents.config import Config, load


def default() -> Config:
    """Return the configuration of a service with its metrics, and nothing else set."""
    return load({"ENABLE_PROMETHEUS": "true"})


def table() -> str:
    """Return the terms of the sum, a row each."""
    rows = [f"| {term.what} | {term.formula} | {term.value(default()) / MIB:,.0f} MiB |" for term in TERMS]
    total = f"| **At most** | the sum | **{ceiling(default()) / MIB:,.0f} MiB** |"
    return "\n".join(("", "| What | Formula | By default |", "|---|---|---|", *rows, total, ""))
