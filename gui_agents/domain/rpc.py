"""The RPCs as they are counted."""

from typing import Final

import attrs

OTHER: Final = "other"
"""What stands for every value outside of a closed set."""


OK: Final = "OK"
"""The status code of an RPC that ended well."""


@attrs.frozen
class RpcMethod:
    """One method whose calls are counted."""

    name: str
    codes: tuple[str, ...]
    """The status codes that it can answer with."""
    streaming: bool
