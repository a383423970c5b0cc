"""The table of variables in docs/configuration.md, from the service's own settings."""

from gui_agents import config


def table() -> str:
    """Return a row for each variable, with its default and its meaning."""
    rows = (f"| {_names(each)} | {_default(each.default)} | {each.help} |" for each in config.settings())
    return "".join(f"{row}\n" for row in ("", "| Variable | Default | Meaning |", "|---|---|---|", *rows))


def _names(setting: config.Setting) -> str:
    return ", ".join(f"`{variable}`" for variable in setting.variables)


def _default(default: str | None) -> str:
    return f"`{default}`" if default else ""
