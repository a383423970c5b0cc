"""What of a request may not be stored: its keys, wherever they are.

To look for keys in a long instruction takes milliseconds. So it is done once, by `masked_instruction`, and the other
functions take what it has returned.
"""

from collections.abc import Iterator

import attrs

from gui_agents.domain.model_settings import DEFAULT_SETTINGS
from gui_agents.domain.redaction import Redactor
from gui_agents.domain.secret import Secret
from gui_agents.domain.spec import TaskSpec


def without_keys(spec: TaskSpec, masked: str) -> TaskSpec:
    """Return a request as it is stored: no key in its fields, and none of those in its instruction.

    The keys of the fields stay, because the codec writes none.
    """
    if masked == spec.instruction:
        return spec
    return attrs.evolve(spec, instruction=masked, redacted_instruction=None)


def as_stored(spec: TaskSpec, masked: str) -> TaskSpec:
    """Return a request as it is read from a store: without keys, and without what the operator has set of its model."""
    spec = without_keys(spec, masked).without_keys()
    endpoint = spec.model.endpoint
    if endpoint is None or endpoint.settings is DEFAULT_SETTINGS:
        return spec
    model = attrs.evolve(spec.model, endpoint=attrs.evolve(endpoint, settings=DEFAULT_SETTINGS))
    return attrs.evolve(spec, model=model)


def keys_forgotten(spec: TaskSpec, masked: str) -> bool:
    """Return whether a request has keys of its own, or one in its instruction: then it cannot be run without them."""
    return any(True for _ in _request_keys(spec)) or masked != spec.instruction


def masked_instruction(spec: TaskSpec) -> str:
    """Return the instruction of a request without keys, those included that its fields have."""
    return Redactor(spec.keys).redacted(spec.shown_instruction)


def _request_keys(spec: TaskSpec) -> Iterator[Secret]:
    """Yield the keys of the request and the global configuration, which are in memory only."""
    config = spec.config
    if config.authorization is not None and config.authorization.api_key is not None:
        yield config.authorization.api_key
    for settings in config.stages.values():
        if settings.api_key is not None:
            yield settings.api_key
