"""All attacks, each on a fresh service, as a table; exits with 1 if the service has not survived one.

python -m tests.attack [--short] [WORD ...]
"""

import argparse
import sys

from tests.attack import calls, endpoints, insiders, metrics_port, words
from tests.attack.siege import Findings, besiege

ATTACKS = (*words.ATTACKS, *calls.ATTACKS, *metrics_port.ATTACKS, *endpoints.ATTACKS, *insiders.ATTACKS)
SHORT_SHARE = 0.1
HEADINGS = ("tried", "scrapes", "p99", "worst", "loop", "memory", "SIGTERM", "took")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of each attack's size, and 20 scrapes")
    parser.add_argument("word", nargs="*", help="only attacks whose name has one of these words")
    chosen = parser.parse_args(arguments)
    attacks = [
        attack
        for attack in ATTACKS
        if (attack.short or not chosen.short) and (not chosen.word or any(word in attack.name for word in chosen.word))
    ]
    if not attacks:
        print(f"no attack has one of these words; there are: {', '.join(each.name for each in ATTACKS)}")  # noqa: T201
        return 2
    print(_line("attack", HEADINGS, "survived"), flush=True)  # noqa: T201
    lost = 0
    for attack in attacks:
        findings = besiege(attack, SHORT_SHARE if chosen.short else 1.0)
        problems = findings.problems()
        lost += bool(problems)
        print(_line(attack.name, _figures(findings), "; ".join(problems) or "yes"), flush=True)  # noqa: T201
    print(f"{len(attacks) - lost} of {len(attacks)} attacks survived")  # noqa: T201
    return 1 if lost else 0


def _figures(findings: Findings) -> tuple[str, ...]:
    answered = len(findings.latencies)
    return (
        str(findings.tried),
        f"{answered}/{answered + len(findings.failed)}",
        f"{findings.p99 * 1e3:.0f} ms",
        f"{max(findings.latencies, default=0.0) * 1e3:.0f} ms",
        f"{findings.loop_seconds * 1e3:.0f} ms",
        f"{findings.before_bytes >> 20}-{findings.peak_bytes >> 20} MiB",
        f"{findings.end_seconds:.1f} s",
        f"{findings.seconds:.0f} s",
    )


def _line(name: str, figures: tuple[str, ...], verdict: str) -> str:
    return f"{name:<48}" + "".join(f"{figure:>12}" for figure in figures) + f"  {verdict}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
