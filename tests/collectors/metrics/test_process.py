"""The section of the process, beside prometheus_client's own collectors."""

import gc
import os
import platform
import weakref
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from collectors.exposition.collector import ServiceCollector, register
from collectors.exposition.families import section_families
from collectors.metrics import catalogue, process
from tests.collectors.sources import Broken

MAY_CHANGE = {
    "process_virtual_memory_bytes": 2**26,
    "process_resident_memory_bytes": 2**26,
    "process_start_time_seconds": 0.01,
    "process_cpu_seconds_total": 1.0,
    "process_open_fds": 3,
    "python_gc_objects_collected_total": 100_000,
    "python_gc_collections_total": 100,
}
"""By how much a number may differ between two reads."""
needs_proc = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system has no /proc")


def theirs():
    """Return the families of prometheus_client's own collectors."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, GCCollector, PlatformCollector):
        collector(registry=registry)
    return {family.name: family for family in registry.collect()}


def ours(section=None):
    """Return the families of the section that every Python program has."""
    section = section or process.section()
    families = section_families(section, section.subject)
    return {family.name: family for family in families if not family.name.startswith("agent_")}


def values(families):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families.values()
        for sample in family.samples
    }


@needs_proc
def test_its_families_are_those_of_prometheus_client():
    def described(families):
        return {name: (family.type, family.documentation, family.unit) for name, family in families.items()}

    shown = ours()
    assert described(shown) == described(theirs())
    assert set(values(shown)) == set(values(theirs()))
    assert len(shown) == 10


@needs_proc
def test_its_numbers_are_those_of_prometheus_client():
    gc.collect()
    expected, shown = values(theirs()), values(ours())
    for (name, labels), value in expected.items():
        assert shown[name, labels] == pytest.approx(value, rel=0, abs=MAY_CHANGE.get(name, 0)), (name, labels)
    assert shown["process_open_fds", ()] < shown["process_max_fds", ()]


@needs_proc
def test_its_numbers_move():
    section = process.section()
    before = values(ours(section))
    held = bytearray(2**28)
    held[:: process.mmap.PAGESIZE] = b"x" * (2**28 // process.mmap.PAGESIZE)
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(5)]
    while os.times().user + os.times().system < before["process_cpu_seconds_total", ()] + 0.03:
        pass
    gc.collect(2)
    after = values(ours(section))
    for file in files:
        os.close(file)

    def moved(name, labels=()):
        return after[name, labels] - before[name, labels]

    assert moved("process_virtual_memory_bytes") >= 2**27
    assert moved("process_resident_memory_bytes") >= 2**27
    assert moved("process_open_fds") == 5
    assert moved("process_cpu_seconds_total") >= 0.03 - 1e-9
    assert moved("python_gc_collections_total", (("generation", "2"),)) >= 1
    assert moved("process_start_time_seconds") == moved("process_max_fds") == 0
    assert len(held) == 2**28


def test_without_proc_it_shows_what_prometheus_client_does_and_the_memory(tmp_path):
    assert list(ProcessCollector(registry=None, proc=str(tmp_path)).collect()) == []
    reader = process.ProcessReader(str(tmp_path))
    told = {metric.name: metric.read(reader) for metric in process.section().metrics}
    absent = {name for name, reading in told.items() if reading is None}
    assert absent == {name for name in told if name.startswith("process_")}
    assert told["agent_memory_usage_bytes"] == pytest.approx(psutil.Process().memory_info().rss, abs=2**26)


@needs_proc
def test_the_memory_of_the_service_is_the_resident_one():
    reader = process.ProcessReader()
    assert reader.memory_bytes() == pytest.approx(reader.resident_bytes(), abs=2**26)


def test_an_interpreter_without_statistics_shows_no_collections(monkeypatch):
    monkeypatch.setattr(platform, "python_implementation", lambda: "PyPy")
    registry = CollectorRegistry()
    GCCollector(registry)
    assert list(registry.collect()) == []
    assert not [name for name in ours() if name.startswith("python_gc")]


@needs_proc
@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), psutil.AccessDenied()])
def test_a_process_that_cannot_list_its_descriptors_still_shows_the_rest(monkeypatch, error):
    def fail(_):
        raise error

    reader = process.ProcessReader()
    monkeypatch.setattr(psutil.Process, "num_fds", fail)
    # As before Linux 6.2, where the directory has no size.
    reader._descriptors = Path(os.devnull)
    assert reader.open_descriptors() is None
    assert reader.most_descriptors() > 0


@needs_proc
def test_the_number_of_descriptors_is_right_with_and_without_the_size_of_their_directory():
    reader = process.ProcessReader()
    listed = len(list(Path("/proc/self/fd").iterdir()))
    assert listed - 1 <= reader.open_descriptors() <= listed
    reader._descriptors = Path(os.devnull)
    assert reader.open_descriptors() == listed


@needs_proc
def test_a_reader_closes_its_file():
    reader = process.ProcessReader()
    file, gone = reader._statm, weakref.ref(reader)
    os.fstat(file)
    del reader
    assert gone() is None
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file)


@pytest.mark.parametrize(
    ("switch", "families"),
    [
        ("process", {name for name in theirs() if name.startswith("process_")}),
        ("python_gc", {name for name in theirs() if name.startswith("python_gc_")}),
        ("python_info", {"python_info"}),
    ],
)
def test_one_switch_switches_off_what_belongs_together(switch, families):
    (section,) = (section for section in catalogue.sections([switch]) if section.name == "process")
    assert set(theirs()) - set(ours(section)) == families


def test_a_registry_keeps_what_it_has():
    registry = CollectorRegistry(auto_describe=True)
    ProcessCollector(registry=registry)
    collector = register(Broken(), registry)
    families = [family.name for family in registry.collect()]
    assert families.count("process_cpu_seconds") == families.count("process_max_fds") == 1
    assert {family.name for family in collector.collect()} & set(theirs()) == {
        "python_gc_objects_collected",
        "python_gc_objects_uncollectable",
        "python_gc_collections",
        "python_info",
    }


def test_it_still_shows_when_the_snapshot_fails():
    shown = {family.name for family in ServiceCollector(Broken()).collect()}
    assert set(theirs()) <= shown
