"""The variables of the reference service (lybic/agent): what each one becomes here. docs/migration.md prints them.

A variable that a section of ours has is not listed: it is used.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

import attrs


@unique
class Fate(StrEnum):
    """What becomes of a variable."""

    RENAMED = "renamed"
    """Another variable does its work."""
    NO_EFFECT = "no effect"
    """Nothing reads it; it does no harm."""
    REMOVE = "remove"
    """What it was for does not exist here."""
    EXPORT = "export"
    """It does its work in the environment of the process only, not in a `.env` file."""


@attrs.frozen
class Former:
    """One variable that the service does not have."""

    fate: Fate
    text: str
    """What to write instead, or why nothing does its work."""
    common: bool = False
    """Whether other programs read it, so that its being set says nothing."""


_NO_BEDROCK: Final = "Amazon Bedrock cannot be called: its requests are signed with a scheme of its own"

FORMER: Final[Mapping[str, Former]] = {
    "LYBIC_PRECREATE_SID": Former(Fate.REMOVE, "a request names its sandbox, in sandbox.id"),
    "LYBIC_LLM_API_KEY": Former(Fate.RENAMED, "write OPENAI_API_KEY, with OPENAI_BASE_URL and DEFAULT_MODEL"),
    "USE_PRECREATE_VM": Former(Fate.REMOVE, "there is no VMware backend"),
    "AWS_ACCESS_KEY_ID": Former(Fate.NO_EFFECT, _NO_BEDROCK, common=True),
    "AWS_SECRET_ACCESS_KEY": Former(Fate.NO_EFFECT, _NO_BEDROCK, common=True),
    "AWS_DEFAULT_REGION": Former(Fate.NO_EFFECT, _NO_BEDROCK, common=True),
    "JINA_API_KEY": Former(Fate.REMOVE, "there are no embeddings"),
    "BOCHA_API_KEY": Former(Fate.REMOVE, "there is no web search"),
    "EXA_API_KEY": Former(Fate.REMOVE, "there is no web search"),
    "GRPC_MAX_WORKER_THREADS": Former(
        Fate.NO_EFFECT, "one event loop serves all calls; GRPC_MAX_CALLS bounds how many are open"
    ),
}

DIFFERENCES: Final[Mapping[str, str]] = {
    "ALLOW_SET_GLOBAL_CONFIG": "the reference took anything but 0 for yes, also false",
    "ENABLE_PROMETHEUS": "the endpoint listens on 127.0.0.1 unless PROMETHEUS_HOST says otherwise",
    "GRPC_PORT": "the service listens on 127.0.0.1 unless GRPC_HOST says otherwise",
    "LYBIC_API_KEY": "it is sent to LYBIC_API_ENDPOINT only, never to an endpoint that a request names",
    "LYBIC_MAX_LIFE_SECONDS": (
        "a sandbox is asked for its task's timeout plus SANDBOX_KEEP_SECONDS, at most this long, and extended while it "
        "is used"
    ),
    "OPENAI_API_KEY": "it is sent to OPENAI_BASE_URL only",
    "PROMETHEUS_PORT": "the endpoint listens on 127.0.0.1 unless PROMETHEUS_HOST says otherwise",
    "TASK_MAX_TASKS": "more tasks wait (TASK_QUEUE_SIZE) instead of being refused",
    "TASK_STORAGE_BACKEND": "sqlite, a file in RUNTIME_DIR, unless set",
}
"""What differs for variables that are used as they are."""

LISTENS: Final[Mapping[str, str]] = {
    "GRPC_HOST": (
        "the service listens on 127.0.0.1 only; the reference listened on all addresses: GRPC_HOST=0.0.0.0 with "
        "ACCESS_TOKENS_FILE, GRPC_TLS_CERT and GRPC_TLS_KEY, or with ALLOW_INSECURE=true"
    ),
    "PROMETHEUS_HOST": (
        "the metrics are served on 127.0.0.1 only; the reference served them on all addresses: PROMETHEUS_HOST=0.0.0.0"
    ),
}
"""Variables that the reference did not have, and what follows from their defaults."""
