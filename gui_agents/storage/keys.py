"""What of a request may not be stored: its keys, wherever they are."""

from collections.abc import Iterator
from typing import Final

import attrs

from gui_agents.domain.model_settings import DEFAULT_SETTINGS
from gui_agents.domain.secret import MASKED_KEY, Secret
from gui_agents.domain.spec import TaskSpec

SHORTEST: Final = 8
"""Characters of a key that is cut out of an instruction; a shorter one would be found in ordinary words."""


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
    text = spec.instruction
    for key in _keys(spec):
        plain = key.reveal()
        if len(plain) >= SHORTEST and plain in text:
            text = text.replace(plain, MASKED_KEY)
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
