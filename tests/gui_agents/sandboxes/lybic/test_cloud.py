"""What is written down of sandboxes in the cloud, and the deletion of what a service that was killed has left there."""

import json

import pytest

from gui_agents.domain.cloud import Authorization, CloudWish
from gui_agents.domain.sandbox import SandboxError, SandboxType
from gui_agents.domain.secret import Secret
from gui_agents.sandboxes.lybic.orders import order
from gui_agents.sandboxes.lybic.sandbox import LybicSandbox
from tests.endpoints.lybic import KEY, ORGANIZATION, failure
from tests.gui_agents.sandboxes.lybic.rig import OPEN, lybic


def noted(rig):
    return [json.loads(note.read_text())["data"] for note in rig.notes]


async def test_what_was_made_is_written_down_before_and_swept_by_its_name(tmp_path):
    async with lybic(tmp_path) as rig:
        rig.books.make("gui-agents-of-another-service")
        sandbox = rig.sandbox()
        await sandbox.open()
        await sandbox.close(destroy=False)  # as if the service was killed
        (note,) = noted(rig)
        assert note == {
            "organization": ORGANIZATION,
            "base_url": rig.server.root,
            "name": rig.books.sandboxes[sandbox.sandbox_id].name,
        }
        assert await rig.cloud.swept(note) is SandboxType.WINDOWS
        assert [each.name for each in rig.books.living] == ["gui-agents-of-another-service"]
        assert await rig.cloud.swept(note) is None


async def test_the_note_is_there_before_the_sandbox(tmp_path):
    async with lybic(tmp_path) as rig:
        seen = []
        create = rig.books._create
        rig.books._create = lambda body: seen.append(len(rig.notes)) or create(body)
        async with rig.opened():
            assert seen == [1]


async def test_a_sandbox_that_a_client_named_or_paid_for_is_not_written_down(tmp_path):
    async with lybic(tmp_path) as rig:
        async with rig.opened(given=rig.books.make().sandbox_id):
            assert rig.notes == []
        account = Authorization(ORGANIZATION, Secret(KEY))
        wanted = order("lybic", CloudWish(request=account), rig.cloud.config, OPEN)
        sandbox = LybicSandbox(rig.cloud, wanted, used_seconds=60)
        await sandbox.open()
        assert rig.notes == []
        await sandbox.close(destroy=True)
        assert len(rig.books.living) == 1


@pytest.mark.parametrize("changed", [{"organization": "ORG-other"}, {"base_url": "https://elsewhere.example"}, {}])
async def test_what_was_made_with_another_account_is_told_and_not_called(tmp_path, changed):
    own = {} if changed else {"LYBIC_API_KEY": ""}
    async with lybic(tmp_path, **own) as rig:
        note = {"organization": ORGANIZATION, "base_url": rig.server.root, "name": "gui-agents-1", **changed}
        with pytest.raises(SandboxError, match=r"gui-agents-1 of Lybic cannot be deleted: it was made with another"):
            await rig.cloud.swept(note)
        assert rig.books.calls == []


async def test_what_cannot_be_swept_now_is_told(tmp_path):
    async with lybic(tmp_path) as rig:
        rig.books.fault("list", failure(500), times=3)
        note = {"organization": ORGANIZATION, "base_url": rig.server.root, "name": "gui-agents-1"}
        with pytest.raises(SandboxError, match=r"cannot be deleted: .* answered 500"):
            await rig.cloud.swept(note)
