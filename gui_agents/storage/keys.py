"""What of a request may not be stored: its keys, wherever they are."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any, Final, TypeVar

import attrs

from gui_agents.domain.model_settings import DEFAULT_SETTINGS
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import TaskSpec
from gui_agents.domain.storage import DaySpent, Entry, TaskCreated

T = TypeVar("T")

SHORTEST: Final = 8
"""Characters of a key that is cut out of an instruction; a shorter one would be found in ordinary words."""

REMEMBERED: Final = 1000
"""Tasks whose keys are looked for in what is written of them later."""


class KeysInTexts:
    """Masks the keys of a request that are in its instruction, which come back in messages, steps and conversations.

    There are hardly any such tasks, so that all others cost nothing. The keys are in memory only.
    """

    def __init__(self) -> None:
        self._of_tasks: OrderedDict[str, Sequence[str]] = OrderedDict()

    def masked(self, entry: Entry) -> Entry:
        """Return what may be written of an entry. A new task's own texts are masked where it is written."""
        if isinstance(entry, TaskCreated):
            self._remember(entry)
            return entry
        if not self._of_tasks or isinstance(entry, DaySpent):
            return entry
        keys = self._of_tasks.get(entry.task_id)
        return entry if keys is None else _without(entry, keys)

    def _remember(self, entry: TaskCreated) -> None:
        keys = _keys_in_instruction(entry.spec)
        if keys:
            self._of_tasks[entry.task_id] = keys
            if len(self._of_tasks) > REMEMBERED:
                self._of_tasks.popitem(last=False)


def _without(value: T, keys: Sequence[str]) -> T:
    """Return a value with keys masked in all its texts; the value itself if there are none."""
    if isinstance(value, tuple):
        return tuple(_without(each, keys) for each in value)  # type: ignore[return-value]  # a tuple as it was
    if isinstance(value, str) and not isinstance(value, Enum):
        return _masked(value, keys)  # type: ignore[return-value]  # a string as it was
    if not attrs.has(type(value)):
        return value
    kept: Any = value
    names = [field.name for field in attrs.fields(type(kept)) if field.name != "task_id"]
    changed = {name: new for name in names if (new := _without(old := getattr(kept, name), keys)) != old}
    return attrs.evolve(kept, **changed) if changed else value


def without_keys(spec: TaskSpec) -> TaskSpec:
    """Return a request as it is stored: no key in its fields, and none of those in its instruction.

    The keys of the fields stay, because the codec writes none.
    """
    instruction = masked_instruction(spec)
    return spec if instruction == spec.instruction else attrs.evolve(spec, instruction=instruction)


def as_stored(spec: TaskSpec) -> TaskSpec:
    """Return a request as it is read from a store: without keys, and without what the operator has set of its model."""
    spec = without_keys(spec).without_keys()
    endpoint = spec.model.endpoint
    if endpoint is None or endpoint.settings is DEFAULT_SETTINGS:
        return spec
    model = attrs.evolve(spec.model, endpoint=attrs.evolve(endpoint, settings=DEFAULT_SETTINGS))
    return attrs.evolve(spec, model=model)


def keys_forgotten(spec: TaskSpec) -> bool:
    """Return whether a request has keys of its own, or one in its instruction: then it cannot be run without them."""
    return any(True for _ in _request_keys(spec)) or masked_instruction(spec) != spec.instruction


def masked_instruction(spec: TaskSpec) -> str:
    """Return the instruction of a request without those of its keys that are in it."""
    keys = _keys_in_instruction(spec)
    return _masked(spec.instruction, keys) if keys else spec.instruction


def _keys_in_instruction(spec: TaskSpec) -> list[str]:
    plain = (key.reveal() for key in _keys(spec))
    return [key for key in plain if len(key) >= SHORTEST and key in spec.instruction]


def _masked(text: str, keys: Sequence[str]) -> str:
    for key in keys:
        text = text.replace(key, MASKED_KEY)
    return text


def _request_keys(spec: TaskSpec) -> Iterator[Secret]:
    """Yield the keys of the request and the global configuration, which are in memory only."""
    config = spec.config
    if config.authorization is not None and config.authorization.api_key is not None:
        yield config.authorization.api_key
    for settings in config.stages.values():
        if settings.api_key is not None:
            yield settings.api_key


def _keys(spec: TaskSpec) -> Iterator[Secret]:
    """Yield all keys that a task has, those of the operator included."""
    yield from _request_keys(spec)
    endpoint = spec.model.endpoint
    if endpoint is not None and endpoint.api_key is not None:
        yield endpoint.api_key
    if spec.cloud is not None:
        yield spec.cloud.account.api_key
