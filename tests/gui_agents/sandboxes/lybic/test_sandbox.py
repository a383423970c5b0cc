"""A sandbox of Lybic against a loopback cloud: its life, what it shows and does, and what each failure means."""

import asyncio
import logging

import attrs
import pytest

from gui_agents.domain.actions import Click, Key, OpenApp, Type, Wait
from gui_agents.domain.sandbox import (
    SandboxEnd,
    SandboxError,
    SandboxGoneError,
    SandboxType,
    TransientSandboxError,
    UnsupportedActionError,
)
from gui_agents.sandboxes.lybic.sandbox import UNKNOWN_OUTCOME
from tests.endpoints.lybic import KEY, drawn, failure, given
from tests.gui_agents.sandboxes.lybic.rig import CLOSED, QUICK, lybic
from tests.scripted_model import Answer, drop, raw

CLICK = Click(10, 20)
SIZE = (1280, 720)


async def sees(sandbox):
    picture = (await sandbox.observe(screenshot=True)).screenshot
    return picture.width, picture.height, picture.data[:3]


# From its making to its deletion.


async def test_a_sandbox_is_made_seen_used_and_deleted(tmp_path):
    async with lybic(tmp_path) as rig:
        async with rig.opened() as sandbox:
            (made,) = rig.books.living
            assert made.name.startswith("gui-agents-")
            assert made.expires_at - made.created_at == 600
            assert (sandbox.sandbox_id, sandbox.sandbox_type, sandbox.shape) == (
                made.sandbox_id,
                SandboxType.WINDOWS,
                "beijing-2c-4g-cpu",
            )
            assert await sees(sandbox) == (*SIZE, bytes((0, 0, 255)))
            assert await sandbox.act(CLICK) == "clicked at (10, 20)"
            assert await sees(sandbox) == (*SIZE, bytes((40, 40, 215)))
            assert len(rig.notes) == 1
        assert rig.books.living == []
        assert rig.books.leaks == []
        assert rig.notes == []
        gone = await sandbox.ended()
        assert gone.reason is SandboxEnd.CLOSED
        with pytest.raises(SandboxGoneError, match="was closed"):
            await sandbox.act(CLICK)


async def test_a_second_close_does_nothing(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        await sandbox.close(destroy=True)
        asked = len(rig.books.calls)
        await sandbox.close(destroy=True)
        assert len(rig.books.calls) == asked


async def test_closing_without_destroying_leaves_it_to_its_life(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        await sandbox.close(destroy=False)
        assert len(rig.books.living) == 1


async def test_it_is_open_when_it_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("gui_agents.sandboxes.lybic.lease.POLL_SECONDS", 0.001)
    async with lybic(tmp_path) as rig:
        rig.books.pending_polls = 3
        async with rig.opened() as sandbox:
            await sandbox.act(CLICK)
            assert rig.books.calls.count("status") == 4


async def test_one_that_does_not_run_in_time_is_told_and_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr("gui_agents.sandboxes.lybic.lease.POLL_SECONDS", 0.001)
    monkeypatch.setattr("gui_agents.sandboxes.lybic.lease.START_SECONDS", 0.1)
    async with lybic(tmp_path) as rig:
        rig.books.pending_polls = 10**6
        with pytest.raises(SandboxError, match=r"SBX-0001 did not run within 0.1 s: Lybic says PENDING"):
            async with rig.opened():
                pass
        assert rig.books.living == []


@pytest.mark.parametrize("status", ["ERROR", "STOPPED"])
async def test_one_that_fails_to_start_is_told_and_deleted(tmp_path, status):
    async with lybic(tmp_path) as rig:
        rig.books.pending_polls = 1
        rig.books.fault("status", given({"status": status}))
        with pytest.raises(SandboxError, match=f"SBX-0001 does not run: Lybic says {status}"):
            async with rig.opened():
                pass
        assert rig.books.living == []


@pytest.mark.parametrize(
    ("used", "longest", "life"), [(3600.4, "86400", 3600), (1.0, "86400", 60), (1e9, "86400", 86_400), (3600, "90", 90)]
)
async def test_a_life_is_as_long_as_the_task_may_use_it_and_within_bounds(tmp_path, used, longest, life):
    async with lybic(tmp_path, LYBIC_MAX_LIFE_SECONDS=longest) as rig, rig.opened(used=used):
        (made,) = rig.books.living
        assert made.expires_at - made.created_at == life


async def test_a_life_is_extended_while_the_sandbox_is_open(tmp_path):
    async with lybic(tmp_path) as rig:
        made = rig.books.make(life_seconds=15)
        async with rig.opened(given=made.sandbox_id):
            async with asyncio.timeout(5):
                while not made.extensions:
                    await asyncio.sleep(0.001)
            assert made.extensions == [600]


async def test_a_life_is_extended_while_an_action_takes_its_time(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        await sandbox.observe(screenshot=True)
        rig.books.fault("execute", rig.books.held())
        acting = asyncio.create_task(sandbox.act(CLICK))
        try:
            await rig.server.wait_for_requests(len(rig.server.requests) + 1)
            await sandbox._lease._extend(60)
            assert not acting.done()
        finally:
            acting.cancel()
            await asyncio.wait({acting})


# Which sandbox.


@pytest.mark.parametrize(
    ("backend", "kind", "shape"),
    [
        ("lybic", {}, "beijing-2c-4g-cpu"),
        ("lybic", {"shape": "beijing-8c-16g-linux"}, "beijing-8c-16g-linux"),
        ("lybic", {"os": SandboxType.WINDOWS}, "beijing-2c-4g-cpu"),
        ("lybic", {"os": SandboxType.LINUX}, "beijing-2c-4g-linux"),
        ("lybic", {"os": SandboxType.LINUX, "hardware_encoding": True}, "beijing-8c-16g-linux"),
        ("lybic", {"virtualization": "container", "architecture": "x86_64"}, "beijing-2c-4g-linux"),
        ("lybic_mobile", {}, "beijing-phone"),
    ],
)
async def test_the_cheapest_shape_that_fits_is_taken_and_the_usual_one_first(tmp_path, backend, kind, shape):
    async with lybic(tmp_path) as rig, rig.opened(backend, **kind) as sandbox:
        assert sandbox.shape == shape


async def test_the_operators_shape_is_the_usual_one(tmp_path):
    async with lybic(tmp_path, LYBIC_SHAPE="beijing-8c-16g-linux") as rig, rig.opened(os=SandboxType.LINUX) as sandbox:
        assert sandbox.shape == "beijing-8c-16g-linux"


async def test_a_kind_that_there_is_not_is_told_with_those_that_there_are(tmp_path):
    async with lybic(tmp_path) as rig:
        with pytest.raises(SandboxError, match=r"no shape that is Android and x86_64; its shapes are: .*phone"):
            async with rig.opened(os=SandboxType.ANDROID, architecture="x86_64"):
                pass
        with pytest.raises(
            SandboxError, match=r"no such shape .*; the shape was nowhere; sandbox.shapeName or LYBIC_SHAPE"
        ):
            async with rig.opened(shape="nowhere"):
                pass
        assert rig.books.sandboxes == {}
        assert rig.notes == []


@pytest.mark.parametrize("destroy", [True, False])
async def test_a_sandbox_that_a_client_named_is_used_and_never_deleted(tmp_path, destroy):
    async with lybic(tmp_path) as rig:
        made = rig.books.make(system="Linux")
        sandbox = rig.sandbox(given=made.sandbox_id)
        await sandbox.open()
        assert (sandbox.sandbox_id, sandbox.sandbox_type) == (made.sandbox_id, SandboxType.LINUX)
        await sandbox.act(CLICK)
        await sandbox.close(destroy=destroy)
        assert rig.books.living == [made]
        assert {"create", "delete"} & set(rig.books.calls) == set()


async def test_the_system_of_a_named_sandbox_decides_which_actions_it_takes(tmp_path):
    async with lybic(tmp_path) as rig:
        phone = rig.books.make(system="Android")
        async with rig.opened(given=phone.sandbox_id) as sandbox:
            assert "open_app" in sandbox.supported
            await sandbox.observe(screenshot=True)
            await sandbox.act(OpenApp("Chrome"))
            await sandbox.act(Key(("back",)))
            assert [each["type"] for each in phone.executed] == ["os:startAppByName", "android:back"]
        desktop = rig.books.make(system="Windows")
        async with rig.opened("lybic_mobile", given=desktop.sandbox_id) as sandbox:
            assert "open_app" not in sandbox.supported
            with pytest.raises(UnsupportedActionError):
                await sandbox.act(OpenApp("Notepad"))


async def test_a_named_sandbox_that_is_none_or_another_one_is_told_with_its_field(tmp_path):
    async with lybic(tmp_path) as rig:
        with pytest.raises(SandboxGoneError, match=r"^sandbox.id: Lybic has no sandbox SBX-9 of this organization"):
            async with rig.opened(given="SBX-9"):
                pass
        made = rig.books.make(system="Linux")
        with pytest.raises(SandboxError, match=r"^sandbox.os: the sandbox SBX-0001 is Linux, and not Windows"):
            async with rig.opened(given=made.sandbox_id, os=SandboxType.WINDOWS):
                pass
        assert rig.books.living == [made]


# What it shows.


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
async def test_pictures_of_any_usual_format_are_read(tmp_path, kind):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.picture = lambda made: drawn(made, kind)
        width, height, _ = await sees(sandbox)
        assert (width, height) == SIZE


async def test_the_size_is_asked_for_once_if_no_picture_is_wanted(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        for _ in range(3):
            observation = await sandbox.observe(screenshot=False)
            assert (observation.width, observation.height, observation.screenshot) == (*SIZE, None)
        assert rig.books.calls.count("preview") == 1


async def test_a_screen_that_turns_is_seen_and_acted_on_as_it_is_now(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened("lybic_mobile") as sandbox:
        assert (await sees(sandbox))[:2] == (720, 1280)
        (made,) = rig.books.living
        made.screen = (1280, 720)
        assert (await sees(sandbox))[:2] == (1280, 720)
        await sandbox.act(Click(1000, 700))
        with pytest.raises(TransientSandboxError, match="outside of the screen"):
            await sandbox.act(Click(700, 1000))


async def test_a_picture_that_was_scaled_down_is_acted_on_at_the_right_place(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        (made,) = rig.books.living
        made.screen = (2560, 1440)
        rig.books.picture = lambda each: drawn(attrs.evolve(each, screen=SIZE))
        assert (await sees(sandbox))[:2] == SIZE
        await sandbox.act(Click(640, 360))
        assert made.executed[0]["x"] == {"type": "px", "value": 1280}


NO_PICTURES = [b"", b"<html>not here</html>", b"\x89PNG\r\n\x1a\n", b"{}", b"GIF89a" + bytes(100)]


@pytest.mark.parametrize("data", NO_PICTURES)
async def test_what_is_no_picture_is_asked_for_again_and_then_told(tmp_path, data):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.fault("picture", raw(data), times=2)
        assert (await sees(sandbox))[:2] == SIZE
        rig.books.fault("picture", raw(data), times=3)
        with pytest.raises(SandboxGoneError, match=r"does not answer: .*is none") as gone:
            await sees(sandbox)
        assert gone.value.reason is SandboxEnd.UNREACHABLE


async def test_half_a_picture_is_none(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        (made,) = rig.books.living
        whole = drawn(made)
        rig.books.fault("picture", raw(whole[: len(whole) // 2]), times=1)
        assert (await sees(sandbox))[:2] == SIZE
        assert rig.books.calls.count("picture") == 2


async def test_a_picture_of_too_many_bytes_is_not_read_to_its_end(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.fault("picture", raw(bytes(21 * 2**20)), times=3)
        with pytest.raises(SandboxError, match="sent more than 20,971,520 bytes"):
            await sees(sandbox)


async def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.picture = lambda made: drawn(attrs.evolve(made, screen=(8193, 1024)))
        with pytest.raises(SandboxGoneError, match="8193 x 1024 pixels: too large"):
            await sees(sandbox)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://a.example/x",
        "http://user@a.example/",
        "http://[::1",
        "javascript:1",
        "x",
        "http://a b/",
    ],
)
async def test_a_place_that_is_none_is_not_looked_at(tmp_path, url):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.picture_url = lambda _: url
        with pytest.raises(SandboxGoneError, match="at no http or https URL"):
            await sees(sandbox)


async def test_a_place_within_the_operators_network_is_not_called(tmp_path):
    hits = []

    async def hit(_reader, writer):
        hits.append(1)
        writer.close()

    inner = await asyncio.start_server(hit, "127.0.0.1", 0)
    port = inner.sockets[0].getsockname()[1]
    async with inner, lybic(tmp_path, policy=CLOSED) as rig, rig.opened() as sandbox:
        assert (await sees(sandbox))[:2] == SIZE  # the API's own host is the operator's
        rig.books.picture_url = lambda _: f"http://127.0.0.1:{port}/latest/meta-data"
        with pytest.raises(
            SandboxError, match="is a loopback address; the operator can allow it with LYBIC_ENDPOINT_ALLOW="
        ):
            await sees(sandbox)
        assert hits == []


# What it does: once.


LOST = [
    (drop(), "cannot be reached"),
    (failure(500, "boom"), "answered 500: boom"),
    (failure(502), "answered 502"),
    (failure(408), "answered 408"),
    (raw(b"<html>"), "sent no JSON"),
]


@pytest.mark.parametrize(("answer", "words"), LOST)
@pytest.mark.parametrize("effect", [True, False])
async def test_an_action_whose_answer_is_lost_is_not_sent_again(tmp_path, answer, words, effect):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        await sandbox.observe(screenshot=True)
        rig.books.fault("execute", answer, effect=effect, times=10)
        with pytest.raises(TransientSandboxError, match=words) as told:
            await sandbox.act(CLICK)
        assert str(told.value).endswith(UNKNOWN_OUTCOME)
        assert rig.books.calls.count("execute") == 1
        assert len(rig.books.executed) == effect


async def test_an_action_that_is_not_answered_in_time_is_not_sent_again(tmp_path):
    patience = attrs.evolve(QUICK, timeout_seconds=0.2)
    async with lybic(tmp_path, patience=patience) as rig, rig.opened() as sandbox:
        await sandbox.observe(screenshot=True)
        rig.books.fault("execute", given({}).on_release(), effect=True, times=10)
        with pytest.raises(TransientSandboxError, match=r"gave no answer within 0.2 s; it may or may not"):
            await sandbox.act(CLICK)
        assert rig.books.calls.count("execute") == 1
        await sandbox.act(Wait(0.001))
        assert (await sees(sandbox))[:2] == SIZE


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (failure(400, "no such key"), "answered 400: no such key"),
        (failure(409), "it is not ready for this"),
        (failure(422, "bad"), "answered 422: bad"),
        (failure(429, "slow down"), "answered 429: too many requests: slow down"),
        (Answer(status=302, headers={"location": "http://127.0.0.1:1/"}), "redirects are not followed"),
    ],
)
async def test_an_action_that_is_refused_was_not_carried_out(tmp_path, answer, words):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.fault("execute", answer, times=10)
        with pytest.raises(TransientSandboxError, match=words) as told:
            await sandbox.act(CLICK)
        assert str(told.value).endswith("; it was not carried out")
        assert rig.books.calls.count("execute") == 1


async def test_an_app_that_is_missing_is_no_sandbox_that_is_gone(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened("lybic_mobile") as sandbox:
        rig.books.fault("execute", failure(404, "no such app"))
        with pytest.raises(TransientSandboxError, match="no such app"):
            await sandbox.act(OpenApp("Nothing"))
        await sandbox.act(Type("still here"))


# What may be asked again.


@pytest.mark.parametrize("answer", [drop(), failure(500), failure(503), failure(429), failure(409), raw(b"no json")])
@pytest.mark.parametrize("call", ["preview", "picture"])
async def test_a_picture_that_fails_is_asked_for_again(tmp_path, call, answer):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.fault(call, answer, times=2)
        assert (await sees(sandbox))[:2] == SIZE


async def test_a_pause_that_is_asked_for_is_made_and_a_long_one_is_not_waited_for(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        began = asyncio.get_running_loop().time()
        rig.books.fault("preview", attrs.evolve(failure(429), headers={"retry-after": "0.04"}))
        await sees(sandbox)
        assert asyncio.get_running_loop().time() - began >= 0.04
        rig.books.fault("preview", attrs.evolve(failure(429), headers={"retry-after": "3600"}))
        with pytest.raises(SandboxGoneError, match="answered 429"):
            await sees(sandbox)


async def test_a_cloud_that_stays_away_is_unreachable(tmp_path):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.fault("preview", failure(503), times=3)
        with pytest.raises(SandboxGoneError, match=r"SBX-0001 does not answer: .* answered 503") as gone:
            await sees(sandbox)
        assert gone.value.reason is SandboxEnd.UNREACHABLE
        assert rig.books.calls.count("preview") == 3
        assert await sandbox.ended() is gone.value
    assert rig.books.living == []


# Gone, and why.


async def deleted_by_somebody(made):
    made.deleted = True


async def life_over(made):
    made.expires_at = 0


@pytest.mark.parametrize("end", [deleted_by_somebody, life_over])
async def test_a_sandbox_that_is_gone_is_told_by_whatever_is_asked_next(tmp_path, end):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        await sandbox.observe(screenshot=True)
        await end(rig.books.living[0])
        for ask in (sandbox.act(CLICK), sandbox.observe(screenshot=True)):
            with pytest.raises(
                SandboxGoneError, match="Lybic has none of this id; somebody deleted it, or its life ended"
            ) as gone:
                await ask
            assert gone.value.reason is SandboxEnd.KILLED


@pytest.mark.parametrize(("status", "reason"), [("STOPPED", SandboxEnd.KILLED), ("ERROR", SandboxEnd.CRASHED)])
async def test_a_sandbox_that_ran_and_no_longer_does_is_told(tmp_path, status, reason):
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        rig.books.living[0].status = status
        with pytest.raises(SandboxGoneError, match=f"is gone: Lybic says {status}") as gone:
            await sees(sandbox)
        assert gone.value.reason is reason


@pytest.mark.parametrize("code", [401, 402, 403])
async def test_an_account_that_is_refused_is_told_with_what_to_check(tmp_path, code, caplog):
    async with lybic(tmp_path) as rig:
        rig.books.fault("create", failure(code, f"the key {KEY} is wrong"))
        with pytest.raises(
            SandboxError, match="Lybic refuses the account; check LYBIC_ORG_ID and LYBIC_API_KEY"
        ) as told:
            async with rig.opened():
                pass
        assert KEY not in str(told.value)
        assert rig.books.calls == ["create"]
        async with rig.opened() as sandbox:
            await sandbox.observe(screenshot=True)
            rig.books.fault("execute", failure(code))
            with pytest.raises(SandboxError, match="refuses the account"):
                await sandbox.act(CLICK)


@pytest.mark.parametrize(
    "answer",
    [
        given({}),
        given([]),
        given("x"),
        given(None),
        given({"id": 5}),
        given({"id": "../../x"}),
        raw(b"\xff"),
        raw(b"[" * 9999),
    ],
)
async def test_garbage_in_place_of_a_new_sandbox_makes_nobody_send_again(tmp_path, answer):
    async with lybic(tmp_path) as rig:
        rig.books.fault("create", answer, effect=True)
        async with rig.opened() as sandbox:  # it is found by its name
            assert sandbox.sandbox_id == "SBX-0001"
        assert rig.books.calls.count("create") == 1
        assert rig.books.living == []


@pytest.mark.parametrize("answer", [drop(), failure(500), failure(504)])
async def test_a_creation_without_an_answer_is_looked_for_and_not_sent_again(tmp_path, answer):
    async with lybic(tmp_path) as rig:
        rig.books.fault("create", answer, effect=True)
        async with rig.opened() as sandbox:
            assert sandbox.sandbox_id == "SBX-0001"
        rig.books.fault("create", answer)
        with pytest.raises(SandboxError, match="no sandbox of Lybic could be had"):
            async with rig.opened():
                pass
        assert rig.books.calls.count("create") == 2
        assert rig.books.living == []
        assert rig.notes == []


async def test_a_sandbox_that_cannot_be_deleted_is_told_and_stays_noted(tmp_path):
    async with lybic(tmp_path) as rig:
        sandbox = rig.sandbox()
        await sandbox.open()
        rig.books.fault("delete", failure(500), times=3)
        with pytest.raises(SandboxError, match=r"SBX-0001 could not be deleted: .*it ends by itself within 600 s"):
            await sandbox.close(destroy=True)
        assert len(rig.notes) == 1


async def test_no_key_is_in_a_log_or_an_error(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    async with lybic(tmp_path) as rig, rig.opened() as sandbox:
        for call, code in (("execute", 400), ("execute", 500), ("preview", 400)):
            rig.books.fault(call, failure(code, f"x-api-key: {KEY}, {KEY[:12]}"), times=3)
            with pytest.raises(SandboxError) as told:
                await (sandbox.act(CLICK) if call == "execute" else sandbox.observe(screenshot=True))
            assert KEY[:8] not in str(told.value)
            rig.books.faults.clear()
    assert KEY[:8] not in caplog.text
    assert all(KEY[:8] not in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


async def test_an_endpoint_that_nobody_serves_is_told_with_what_to_check(tmp_path):
    async with lybic(tmp_path, LYBIC_API_ENDPOINT="http://127.0.0.1:1") as rig:
        with pytest.raises(
            SandboxError, match=r"Lybic's endpoint at 127.0.0.1:1 cannot be reached: .*LYBIC_API_ENDPOINT"
        ):
            async with rig.opened():
                pass
