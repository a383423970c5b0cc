"""How each model is asked, in layers: the protocol's defaults, what is known of the model, MODELS_FILE."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from gui_agents.domain.model_settings import ModelSettings
from gui_agents.domain.price import Price
from gui_agents.domain.providers import ProviderRow
from gui_agents.models.known_models import known_changes
from gui_agents.models.models_file import Entry, read_models

ADDED: Final = frozenset({"headers", "extra_body"})
"""Fields of an entry that are added to requests as they are. They may hold keys, for the operator's endpoint alone."""


class SettingsOfModels:
    """The settings of all models that this service may call. `entries` are those of the operator's file."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.precedence)

    @classmethod
    def load(cls, path: Path | None) -> "SettingsOfModels":
        """Read the operator's file, if there is one.

        Raises:
            ConfigError: with one line for each mistake in the file.
        """
        return cls(() if path is None else read_models(path))

    def of(self, row: ProviderRow, model: str, address: str, *, named_by_operator: bool) -> ModelSettings:
        """Return the settings of a model at an address, which the operator named, or a client."""
        full_name = f"{row.provider}/{model}"
        known = known_changes(full_name, at_vendor=row.owns(address))
        changes: dict[str, Any] = {"protocol": row.protocol, **known}
        for entry in self._matching(full_name):
            given = entry.changes.items()
            changes.update((field, value) for field, value in given if named_by_operator or field not in ADDED)
        return ModelSettings(**changes)

    def price(self, provider: str, model: str) -> Price | None:
        """Return the price that the file names for a model, or None."""
        prices = [entry.price for entry in self._matching(f"{provider}/{model}") if entry.price is not None]
        return prices[-1] if prices else None

    def prices(self) -> Mapping[str, Price]:
        """Return every price in the file, by the name or pattern of its entry."""
        return {entry.name: entry.price for entry in self._entries if entry.price is not None}

    def _matching(self, full_name: str) -> list[Entry]:
        name = full_name.lower()
        return [entry for entry in self._entries if entry.name == name or entry.glob.matches(name)]
