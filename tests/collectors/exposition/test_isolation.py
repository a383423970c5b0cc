import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Mapping

import attrs
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from collectors.exposition.formats import Format
from collectors.exposition.isolation import MAX_BYTES, SECTION_SECONDS
from collectors.exposition.page import Exposition
from collectors.exposition.reading import Instant
from collectors.http.endpoint import Limits
from collectors.metrics import catalogue
from collectors.metrics.definitions import Described, Section, counter, gauge, histogram
from gui_agents.snapshot import HistogramPoint
from tests.collectors import golden
from tests.collectors.http.serving import TIMEOUT, Client, ask, serving
from tests.collectors.sources import Broken, Fixed

ODD = {"odd": Described("anything")}


def section(read, name="odd", *, make=gauge, labels=None, subject="subject", metric="odd_things"):
    more = {"labels": labels} if labels else {}
    return Section(name=name, subject=subject, metrics=(make(metric, "Odd.", read, example=metric, **more),))


@attrs.define
class Pages:
    """An exposition with sections of others, rendered as an endpoint does."""

    exposition: Exposition
    source: object = attrs.field(factory=lambda: Fixed(golden.busy_snapshot()))

    @classmethod
    def of(cls, *others, seconds=SECTION_SECONDS, **more):
        return cls(Exposition(catalogue.sections(), others=others, section_seconds=seconds), **more)

    async def page(self, form=Format.TEXT, **options):
        instant = Instant(self.source)
        async with asyncio.timeout(TIMEOUT):
            given = await self.exposition.others(instant, form, **options)
        return self.exposition.render(instant, form, given=given, **options)

    async def text(self, **options):
        return (await self.page(**options)).decode()


def success(text):
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {sample.labels["section"]: sample.value for sample in samples if sample.name == "agent_collector_success"}


def sections_running():
    return [thread for thread in threading.enumerate() if thread.name.startswith("metrics section")]


class Hanging:
    """A section whose reading returns when a test lets it."""

    def __init__(self):
        self.asked = 0
        self.go_on = threading.Event()

    def read(self, _):
        self.asked += 1
        assert self.go_on.wait(TIMEOUT)
        return self.asked


async def test_a_section_that_hangs_fails_alone_without_another_try_and_comes_back(caplog):
    hanging = Hanging()
    pages = Pages.of(section(hanging.read), section(lambda _: 7, "good", metric="good_things"), seconds=0.05)
    for _ in range(20):
        text = await pages.text()
        assert success(text)["odd"] == 0
        assert {value for name, value in success(text).items() if name != "odd"} == {1.0}
        assert "\ngood_things 7.0\n" in text
        assert "odd_things" not in text
    assert hanging.asked == 1
    assert len(sections_running()) == 1
    assert pages.exposition.failures()["odd"] == 20
    (record,) = caplog.records
    assert "section odd is left out of the metrics: SectionHangs: it has not returned within 0.05 s" in record.message
    hanging.go_on.set()
    for thread in sections_running():
        thread.join()
    assert "\nodd_things 2.0\n" in await pages.text()
    assert sections_running() == []


async def test_only_the_first_scrape_waits_for_a_section_that_hangs():
    hanging = Hanging()
    pages = Pages.of(section(hanging.read), seconds=0.2)
    await pages.text()
    waited = []
    monkey = asyncio.wait

    async def wait(*arguments, **options):
        waited.append(options)
        return await monkey(*arguments, **options)

    with contextlib.ExitStack() as stack:
        stack.callback(hanging.go_on.set)
        stack.callback(setattr, asyncio, "wait", monkey)
        asyncio.wait = wait
        for _ in range(5):
            await pages.text()
        assert [options["timeout"] for options in waited] == [0.0] * 5


async def test_a_short_deadline_is_no_failure_of_a_section_and_the_next_scrape_gets_it():
    hanging = Hanging()
    pages = Pages.of(section(hanging.read), seconds=TIMEOUT)
    assert success(await pages.text(deadline=time.perf_counter() + 0.05))["odd"] == 0
    assert pages.exposition.failures()["odd"] == 0
    asked = asyncio.create_task(pages.text())
    await asyncio.sleep(0)
    hanging.go_on.set()
    assert "\nodd_things 2.0\n" in await asked
    assert success(await pages.text(deadline=time.perf_counter() - 1))["odd"] == 0


async def test_what_is_not_asked_for_is_not_read():
    read = []
    pages = Pages.of(section(lambda _: read.append(1) or 1))
    await pages.page(names=frozenset({"agent_tasks_active"}))
    assert read == []
    assert await pages.text(names=frozenset({"odd_things"})) == (
        "# HELP odd_things Odd.\n# TYPE odd_things gauge\nodd_things 1.0\n"
    )
    assert 'section="odd"} 1.0' in await pages.text(names=frozenset({"agent_collector_success"}))
    assert len(read) == 2


async def test_sections_of_others_see_the_snapshot_of_the_page():
    pages = Pages.of(section(lambda snapshot: snapshot.tasks.slots, subject=None))
    assert "\nodd_things 5.0\n" in await pages.text()
    assert pages.source.taken == 1
    broken = Pages.of(section(lambda snapshot: snapshot.tasks.slots, subject=None), source=Broken())
    assert success(await broken.text())["odd"] == 0


async def test_without_a_thread_a_section_fails(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    pages = Pages.of(section(lambda _: 1))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        assert success(await pages.text())["odd"] == 0
    assert success(await pages.text())["odd"] == 1


class Mute(BaseException):
    def __str__(self):
        raise SystemExit("no text")

    __repr__ = __str__


class GarbledError(Exception):
    def __str__(self):
        return "\udcff"


class WordyError(Exception):
    def __str__(self):
        return "x" * 10**7


class Endless(Mapping):
    def __len__(self):
        return 1

    def __iter__(self):
        return (str(number) for number in itertools.count())

    def __getitem__(self, key):
        return 1


class Unreadable:
    def __repr__(self):
        raise KeyboardInterrupt


def raising(error):
    def read(_):
        raise error

    return read


POINT = HistogramPoint(bounds=(1.0,), counts=(1, 0), sum=1.0, exemplars=(None, None), native=None)
GARBAGE = {
    "SystemExit": section(raising(SystemExit(3))),
    "KeyboardInterrupt": section(raising(KeyboardInterrupt())),
    "GeneratorExit": section(raising(GeneratorExit())),
    "MemoryError": section(raising(MemoryError())),
    "an error without a text": section(raising(Mute())),
    "an error whose text cannot be written": section(raising(GarbledError())),
    "an error that says much": section(raising(WordyError())),
    "what cannot be shown": section(lambda _: Unreadable()),
    "a text": section(lambda _: "1"),
    "NaN": section(lambda _: float("nan")),
    "a huge number": section(lambda _: 10**5000),
    "NaN as a label": section(lambda _: {float("nan"): 1}, labels=ODD),
    "None as a label": section(lambda _: {None: 1}, labels=ODD),
    "None as a value": section(lambda _: {"a": None}, labels=ODD),
    "a huge label": section(lambda _: {"x" * 10**6: 1}, labels=ODD),
    "a surrogate": section(lambda _: {"\ud800": 1}, labels=ODD),
    "bytes": section(lambda _: {b"\xff": 1}, labels=ODD),
    "the same labels twice": section(lambda _: {"a": 1, ("a",): 2}, labels=ODD),
    "labels without end": section(lambda _: Endless(), labels=ODD),
    "many series": section(lambda _: dict.fromkeys(map(str, range(10**6)), 1), labels=ODD),
    "many bytes": section(lambda _: dict.fromkeys((f"{n:0900}" for n in range(2000)), 1), labels=ODD),
    "a generator": section(lambda _: (number for number in itertools.count())),
    "many buckets": section(
        lambda _: attrs.evolve(POINT, bounds=tuple(range(5000)), counts=(0,) * 5001, exemplars=(None,) * 5001),
        make=histogram,
        metric="odd_seconds",
    ),
    "a long exemplar": section(
        lambda _: attrs.evolve(POINT, exemplars=(("x" * 200, 1.0, 1.0), None)), make=histogram, metric="odd_seconds"
    ),
    "an exemplar of no time": section(
        lambda _: attrs.evolve(POINT, exemplars=(("x", 1.0, "\nodd 1"), None)), make=histogram, metric="odd_seconds"
    ),
    "a name with a blank": section(lambda _: 1, metric="odd things"),
    "a name with a line": section(lambda _: 1, metric="odd\nthings"),
    "a label with a dash": section(lambda _: {"a": 1}, labels={"odd-one": Described("x")}),
    "a reserved label": section(lambda _: {"a": 1}, labels={"__name__": Described("x")}),
    "a bucket's label": section(
        lambda _: {"a": POINT}, make=histogram, metric="odd_seconds", labels={"le": Described("x")}
    ),
    "a help that cannot be written": Section(
        name="odd", subject=1, metrics=(counter("odd_total", "\udcff", lambda _: 1, example="odd_total"),)
    ),
}
ONLY_OPENMETRICS = {"a long exemplar", "an exemplar of no time"}


@pytest.mark.parametrize("what", GARBAGE)
async def test_whatever_a_section_returns_only_it_fails(what):
    pages = Pages.of(GARBAGE[what], section(lambda _: {"a\nb": 7}, "good", labels=ODD, metric="good"), seconds=TIMEOUT)
    text, openmetrics = await pages.text(), (await pages.page(Format.OPENMETRICS)).decode()
    assert list(openmetrics_families(openmetrics))
    good = success(text)
    assert good.pop("odd") == (what in ONLY_OPENMETRICS)
    assert set(good.values()) == {1.0}
    assert 'good{odd="a\\nb"} 7.0' in text
    assert 'agent_collector_success{section="odd"} 0.0' in openmetrics
    assert len(text) + len(openmetrics) < 2 * MAX_BYTES
    await pages.page(Format.PROTOBUF)


@pytest.mark.parametrize("name", ["", "a\nb", "\udcff"])
def test_a_section_needs_a_name_that_can_be_shown(name):
    if not name:
        Exposition((), others=[section(lambda _: 1, name)])
        return
    with pytest.raises(ValueError, match="which cannot be shown"):
        Exposition((), others=[section(lambda _: 1, name)])


def test_while_a_section_hangs_everything_else_is_answered():
    hanging = Hanging()
    with serving(more=[section(hanging.read)], limits=Limits()) as endpoint, Client(endpoint.port) as scraper:
        scraper.request()
        for path in ("/-/healthy", "/-/ready", "/"):
            assert ask(endpoint, path)[0] == 200
        assert b'agent_collector_success{section="odd"} 0.0' in scraper.answer()[2]
        for _ in range(50):
            assert scraper.ask()[0] == 200
        assert len(sections_running()) == 1
        hanging.go_on.set()
        for thread in sections_running():
            thread.join()
        assert b"\nodd_things 2.0\n" in scraper.ask()[2]


def test_a_section_that_hangs_does_not_keep_the_endpoint_from_its_end():
    hanging = Hanging()
    with serving(more=[section(hanging.read)]) as endpoint:
        assert ask(endpoint)[0] == 200
    assert [thread.name for thread in sections_running()] == ["metrics section odd"]
    hanging.go_on.set()
    for thread in sections_running():
        thread.join()
