"""The table of variables in docs/configuration.md, from the service's own settings."""

from typing import Final

from gui_agents import config

BEGIN: Final = "<!-- This table is written by `make docs`. -->\n"
END: Final = "<!-- The table ends here. -->\n"


def with_table(page: str) -> str:
    """Return the page with every variable, its default and its meaning between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [f"| `{each.variable}` | {_default(each.default)} | {each.help} |" for each in config.settings()]
    table = "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])
    return f"{before}{BEGIN}{table}\n{END}{after}"


def _default(default: str | None) -> str:
    return f"`{default}`" if default else ""
