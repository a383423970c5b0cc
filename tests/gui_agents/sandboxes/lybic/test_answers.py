"""Whatever Lybic answers is read, or a failure in words."""

import json
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from gui_agents.domain.cloud import SandboxKind, id_problem
from gui_agents.domain.sandbox import SandboxType
from gui_agents.domain.secret import Secret
from gui_agents.sandboxes.lybic.answers import as_preview, as_sandbox, as_shapes, listed
from gui_agents.sandboxes.lybic.failures import FailedCallError, of_status
from tests.endpoints import lybic

NAMES = ("id", "name", "shape", "shapeName", "status", "os", "expiresAt", "createdAt", "screenShot", "cursorPosition")
MORE = ("screenWidth", "screenHeight", "pricePerHour", "message", "code", "virtualization", "architecture")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES + MORE), inner, max_size=6),
    max_leaves=20,
)


@given(VALUES)
def test_anything_is_read_or_fails_in_words(value):
    for read in (as_sandbox, as_preview):
        with suppress(FailedCallError):
            read(value)
    assert all(id_problem(each.sandbox_id) is None for each in listed(value))
    shapes = as_shapes(value)
    assert [each.price for each in shapes] == sorted(each.price for each in shapes)
    assert str(of_status("it", 400, value, Secret("a-long-key"))).startswith("it answered 400")


def test_shapes_come_cheapest_first_and_say_what_they_are():
    shapes = as_shapes(json.loads(json.dumps(lybic.SHAPES)))
    assert [(each.name, each.os, each.price) for each in shapes] == [
        ("beijing-2c-4g-linux", SandboxType.LINUX, 0.5),
        ("beijing-2c-4g-cpu", SandboxType.WINDOWS, 1),
        ("beijing-phone", SandboxType.ANDROID, 2),
        ("beijing-8c-16g-linux", SandboxType.LINUX, 4),
    ]
    assert all(each.is_of(SandboxKind()) for each in shapes)


def test_what_lybic_says_is_shown_without_keys_and_short():
    key = Secret("key-0123456789abcdef")
    body = {"code": "nomos.partner.NO_ROOMS_AVAILABLE", "message": f"No rooms for {key.reveal()} " + "x" * 10_000}
    text = str(of_status("Lybic's endpoint at h", 400, body, key))
    assert text.startswith("Lybic's endpoint at h answered 400: No rooms for ********")
    assert len(text) < 400
    listing = str(of_status("it", 400, {"message": ["a must be b", "c must be d"], "code": 5}, key))
    assert listing == "it answered 400: a must be b; c must be d"
