"""What Prometheus's API answers, as plain frozen data; an answer of another shape is one error that names its path."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

Ask = Callable[[str, Mapping[str, str]], Any]
"""Asks Prometheus: a path of its API and parameters -> what it answered, as JSON reads it."""

SHAPE_ERRORS: Final = (KeyError, TypeError, AttributeError, ValueError)


class AnswerError(Exception):
    """What answered at `path` is not the API of Prometheus."""

    def __init__(self, path: str) -> None:
        super().__init__(f"the answer to api/v1/{path} is not that of a Prometheus")
        self.path = path


@attrs.frozen
class Target:
    """One address that Prometheus scrapes, or is about to."""

    job: str
    instance: str
    health: str
    """`up`, `down`, or `unknown` before its first scrape."""
    last_error: str


@attrs.frozen
class LoadedRule:
    """One rule that Prometheus has loaded."""

    name: str
    query: str
    """Its expression as Prometheus writes it, which is not as the file has it."""
    health: str
    """`ok`, `err`, or `unknown` before its first evaluation."""
    last_error: str
    last_evaluation: str
    """When it was evaluated last, in the format of RFC 3339."""


@attrs.frozen
class Sample:
    """One series of an answer, with its value."""

    labels: Mapping[str, str]
    value: float


@attrs.frozen
class PrometheusApi:
    """Asks one Prometheus.

    Every method raises AnswerError if the answer has another shape than the API's, and whatever `ask` raises.
    """

    _ask: Ask

    def targets(self) -> tuple[Target, ...]:
        """Return the targets, without those that relabeling drops."""
        with self._answer("targets", {"state": "active"}) as data:
            return tuple(
                Target(
                    str(one["labels"].get("job", "")),
                    str(one["labels"].get("instance", "")),
                    str(one["health"]),
                    str(one.get("lastError", "")),
                )
                for one in data["activeTargets"]
            )

    def rules(self) -> tuple[LoadedRule, ...]:
        """Return the rules of all groups."""
        with self._answer("rules", {}) as data:
            return tuple(
                LoadedRule(
                    str(one["name"]),
                    str(one["query"]),
                    str(one["health"]),
                    str(one.get("lastError", "")),
                    str(one.get("lastEvaluation", "")),
                )
                for group in data["groups"]
                for one in group["rules"]
            )

    def alertmanagers(self) -> tuple[str, ...]:
        """Return the addresses to which alerts are sent."""
        with self._answer("alertmanagers", {}) as data:
            return tuple(str(one["url"]) for one in data["activeAlertmanagers"])

    def query(self, expr: str, at: str | None = None) -> tuple[Sample, ...]:
        """Return the series that an expression yields now, or at a time in the format of RFC 3339."""
        with self._answer("query", {"query": expr, **({} if at is None else {"time": at})}) as data:
            return tuple(Sample(dict(one["metric"]), float(one["value"][1])) for one in data["result"])

    @contextlib.contextmanager
    def _answer(self, path: str, parameters: Mapping[str, str]) -> Iterator[Any]:
        answer = self._ask(path, parameters)
        try:
            yield answer["data"]
        except SHAPE_ERRORS as error:
            raise AnswerError(path) from error
