"""How the texts of alerts write values: templates of Prometheus for people who read them at three in the morning.

Prometheus shortens numbers by itself to 3.079, 429.1m or 6m 3s. Here counts are whole, and units are said in full or by
signs that mean one thing.
"""

from typing import Final

from collectors.operations.model import Setting

COUNT: Final = '{{ printf "%.0f" $value }}'
"""A count of few digits."""

LARGE_COUNT: Final = (
    '{{ printf "%.0f" $value | reReplaceAll "([0-9])([0-9]{3})([0-9]{3})$" "$1,$2,$3" '
    '| reReplaceAll "^([0-9]+)([0-9]{3})$" "$1,$2" }}'
)
"""A count up to billions, with commas."""

PERCENT: Final = '{{ printf "%.2f" $value | reReplaceAll "^([1-9][0-9]*)[.]" "$1" | reReplaceAll "^0[.]0?" "" }} %'
"""A ratio in whole percent; templates cannot multiply, so that the point is moved."""

FINE_PERCENT: Final = '{{ humanizePercentage $value | reReplaceAll "%" " %" }}'
"""A ratio of some thousandths in percent."""

SECONDS: Final = '{{ printf "%.0f" $value }} seconds'

DURATION: Final = (
    '{{ humanizeDuration $value | reReplaceAll "[.][0-9]+s" "s" | reReplaceAll "([0-9])m( |$)" "$1 min$2" '
    '| reReplaceAll "([0-9])([dhs])" "$1 $2" }}'
)
"""A duration of minutes or more, such as 1 h 2 min 3 s."""

BYTES: Final = '{{ humanize1024 $value | reReplaceAll "([.][0-9])[0-9]*" "$1" | reReplaceAll "([A-Z])" " $1" }}B'

_UNITS: Final = {"s": "second", "m": "minute", "h": "hour", "d": "day"}


def spoken(nominal: str) -> str:
    """Return a duration such as 15m in words."""
    number, unit = nominal[:-1], _UNITS[nominal[-1]]
    return f"{number} {unit}" if number == "1" else f"{number} {unit}s"


def mostly(setting: Setting, counter: str, labels: tuple[str, ...], window: str, matchers: str = "") -> str:
    """Return a template that names the most frequent labels of a counter's growth, or nothing if it did not grow.

    Prometheus asks the query when it writes the text, so that the labels of the alert stay the same whatever is most
    frequent.
    """
    found = f'{counter}{{job="{setting.job}"{matchers}}}'
    query = f"topk(1, sum by ({', '.join(labels)}) (increase({found}[{setting.window(window)}])) > 0)"
    shown = ", ".join(f"{{{{ .Labels.{label} }}}}" for label in labels)
    return f"{{{{ range query `{query}` }}}} Most frequent: {shown}.{{{{ end }}}}"
