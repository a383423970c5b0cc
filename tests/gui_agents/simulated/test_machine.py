"""What a desktop keeps is bounded, because every step tells of it."""

import attrs
import pytest

from gui_agents.simulated.machine import MAX_FILES, MAX_STORED, MAX_SUBMISSIONS, Machine, Submission
from tests.gui_agents.decider.simulated.decider_driver import run

FORM = Submission("", "", "", "Medium", newsletter=False)


@pytest.fixture
def machine():
    return Machine(())


def test_a_disk_takes_so_many_files_and_any_of_them_can_be_written_again(machine):
    for number in range(MAX_FILES - len(machine.files)):
        assert machine.store(f"new{number}.txt", "")
    assert not machine.store("one more.txt", "")
    assert machine.message == "The disk is full"
    assert machine.store("readme.txt", "new")
    assert machine.message == "Saved readme.txt"
    assert len(machine.files) == MAX_FILES


def test_a_disk_takes_so_many_characters_and_what_is_replaced_does_not_count(machine):
    machine.files = {"a.txt": "x" * MAX_STORED}
    assert not machine.store("b.txt", "x")
    assert machine.store("a.txt", "y" * MAX_STORED)


def test_the_oldest_of_too_many_forms_go(machine):
    for number in range(MAX_SUBMISSIONS + 2):
        machine.sent(attrs.evolve(FORM, name=str(number)))
    assert [form.name for form in machine.submissions] == [str(number) for number in range(2, MAX_SUBMISSIONS + 2)]


async def test_the_decider_tells_that_a_note_cannot_be_saved(monkeypatch):
    monkeypatch.setattr("gui_agents.simulated.machine.MAX_FILES", 0)

    ended = await run('Open Notes, write "milk" and save as new.txt')

    assert (ended.completed, ended.answer) == (False, 'not possible: the note cannot be saved as "new.txt"')
