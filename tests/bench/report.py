"""How benchmarks print: one line a number, each with its limit, as ratios of the same run."""

import platform
from collections.abc import Sequence
from statistics import median

import psutil


def conditions() -> str:
    cores = psutil.cpu_count()
    return f"CPython {platform.python_version()}, {cores} cores, load {psutil.getloadavg()[0]:.1f}"


def line(
    what: str, ratio: float, *, at_most: float | None = None, at_least: float | None = None, detail: str = ""
) -> bool:
    """Print one ratio beside its limit, and tell whether it is kept."""
    kept = (at_most is None or ratio <= at_most) and (at_least is None or ratio >= at_least)
    limit = f"at most {at_most:g}" if at_most is not None else f"at least {at_least:g}"
    print(f"{'ok  ' if kept else 'MISS'} {what:<58} {ratio:8.2f}  ({limit}) {detail}", flush=True)  # noqa: T201
    return kept


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """Return the median of the ratios of interleaved rounds."""
    return median(a / b for a, b in zip(numerators, denominators, strict=True))


def skipped(what: str, reason: str) -> None:
    """Print what is not measured, and why."""
    print(f"skip {what:<58}           {reason}", flush=True)  # noqa: T201
