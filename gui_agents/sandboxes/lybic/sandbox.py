"""A desktop or a phone in Lybic's cloud as a sandbox: seen, acted on, and gone with a reason."""

import asyncio
from typing import Final

from gui_agents.config.lybic import MIN_LIFE_SECONDS
from gui_agents.domain.actions import Action, ActionName, Wait
from gui_agents.domain.cloud import CloudOrder
from gui_agents.domain.errors import PreconditionError
from gui_agents.domain.sandbox import (
    SandboxEnd,
    SandboxError,
    SandboxGoneError,
    SandboxType,
    TransientSandboxError,
)
from gui_agents.domain.screen import Observation, Picture
from gui_agents.http.errors import ProxyError
from gui_agents.sandboxes.lybic import actions
from gui_agents.sandboxes.lybic.actions import Screen
from gui_agents.sandboxes.lybic.answers import Sandbox
from gui_agents.sandboxes.lybic.api import LybicAPI, retried
from gui_agents.sandboxes.lybic.cloud import Cloud
from gui_agents.sandboxes.lybic.failures import FailedCallError, Trouble
from gui_agents.sandboxes.lybic.lease import Lease, new_name
from gui_agents.sandboxes.lybic.life import Life
from gui_agents.sandboxes.lybic.pictures import Pictures

ENDS: Final = {"ERROR": SandboxEnd.CRASHED, "STOPPED": SandboxEnd.KILLED, "": SandboxEnd.KILLED}
"""What Lybic says of a sandbox that is no more, an empty text for nothing -> why it ended."""
UNKNOWN_OUTCOME: Final = "it may or may not have been carried out: look at the screen before you try it again"


class LybicSandbox:
    """One sandbox, wanted for `used_seconds`. `given` is the id that a client gave; without it a new one is made."""

    def __init__(self, cloud: Cloud, order: CloudOrder, *, used_seconds: float, given: str | None = None) -> None:
        self._cloud = cloud
        self._order = order
        self._given = given
        self._name = new_name()
        longest = cloud.config.lybic_max_life_seconds
        self._life_seconds = round(min(max(used_seconds, MIN_LIFE_SECONDS), longest))
        self._api: LybicAPI | None = None
        self._lease: Lease | None = None
        self._pictures: Pictures | None = None
        self._living: asyncio.Task[None] | None = None
        self._known: Sandbox | None = None
        self._screen: Screen | None = None
        self._gone: SandboxGoneError | None = None
        self._ended = asyncio.Event()
        self._closed = False

    @property
    def sandbox_id(self) -> str:
        """Lybic's id of it; before that is known, the name."""
        known = self._given if self._lease is None else self._lease.sandbox_id
        return known or self._name

    @property
    def sandbox_type(self) -> SandboxType:
        """Its operating system."""
        told = None if self._known is None else self._known.os
        return told or self._order.kind.os or SandboxType.LINUX

    @property
    def shape(self) -> str:
        """What Lybic calls its kind; empty until it is known."""
        return self._order.kind.shape if self._known is None else self._known.shape

    @property
    def supported(self) -> frozenset[ActionName]:
        """What a desktop or a phone takes."""
        return actions.MOBILE if self._is_phone else actions.DESKTOP

    @property
    def _is_phone(self) -> bool:
        return self.sandbox_type is SandboxType.ANDROID

    async def open(self) -> None:
        """Make the sandbox, or find the one that the client named, and wait until it runs.

        Raises:
            SandboxError: that failed; the text says why.
        """
        account, kind = self._order.account, self._order.kind
        try:
            self._api = await self._cloud.api(account)
        except (PreconditionError, ProxyError) as error:
            raise SandboxError(str(error)) from error
        shape = self._cloud.config.lybic_shape
        self._lease = Lease(
            self._api,
            kind,
            name=self._name,
            life_seconds=self._life_seconds,
            default_shape=shape,
            given=self._given,
        )
        try:
            self._known, life = await self._lease.take(lambda: self._cloud.note(account, self._name))
        except FailedCallError as failed:
            raise self._not_opened(failed) from failed
        self._pictures = self._cloud.pictures(account)
        if life is not None:
            self._living = asyncio.create_task(self._live(life), name=f"life of {self.sandbox_id}")

    async def observe(self, *, screenshot: bool) -> Observation:
        """Return the screen's size, and its picture if it is asked for. There is no accessibility tree.

        Raises:
            SandboxGoneError: it is gone, or does not answer.
            SandboxError: Lybic refuses.
        """
        self._check_open()
        if not screenshot and self._screen is not None:
            return Observation(self._screen.width, self._screen.height)
        try:
            patience = self._lease_api().patience
            picture: Picture = await retried(self._seen, patience)
        except FailedCallError as failed:
            raise await self._lost(failed) from failed
        return Observation(picture.width, picture.height, screenshot=picture if screenshot else None)

    async def act(self, action: Action) -> str:
        """Carry out one action, which is sent once whatever happens.

        Raises:
            UnsupportedActionError: it takes no such action.
            TransientSandboxError: it was not carried out, or it is not known whether it was.
            SandboxGoneError: it is gone.
            SandboxError: Lybic refuses the account.
        """
        self._check_open()
        if isinstance(action, Wait):
            await asyncio.sleep(action.seconds)
            return f"waited {action.seconds:g} s"
        if self._screen is None:
            await self.observe(screenshot=False)
        assert self._screen is not None  # noqa: S101 - for the type checker: it was seen
        call = (actions.mobile_call if self._is_phone else actions.desktop_call)(action, self._screen)
        try:
            await self._lease_api().execute(self.sandbox_id, call, actions.extra_seconds(action))
        except FailedCallError as failed:
            raise await self._not_done(failed) from failed
        return actions.outcome(action)

    async def ended(self) -> SandboxGoneError:
        """Wait until it is gone, and return why."""
        await self._ended.wait()
        assert self._gone is not None  # noqa: S101 - for the type checker: set before the event
        return self._gone

    async def close(self, *, destroy: bool) -> None:
        """Let go of the sandbox, and delete it if it was made here and `destroy` says so.

        Raises:
            SandboxError: it could not be deleted.
        """
        if self._closed:
            return
        self._closed = True
        self._end(SandboxGoneError(f"the sandbox {self.sandbox_id} was closed", SandboxEnd.CLOSED))
        try:
            if self._living is not None:
                self._living.cancel()
                await asyncio.gather(self._living, return_exceptions=True)
            if self._lease is not None:
                await self._lease.give_back(destroy=destroy)
        except FailedCallError as failed:
            raise SandboxError(
                f"the sandbox {self.sandbox_id} could not be deleted: {failed}; it ends by itself within "
                f"{self._life_seconds} s"
            ) from failed
        finally:
            if self._pictures is not None:
                await self._pictures.close()
            if self._api is not None:
                await self._api.close()

    async def _seen(self) -> Picture:
        assert self._pictures is not None  # noqa: S101 - for the type checker: it is open
        preview = await self._lease_api().preview(self.sandbox_id)
        picture = await self._pictures.picture(preview.url)
        self._screen = Screen.of(picture.width, picture.height, preview.screen)
        return picture

    async def _live(self, life: Life) -> None:
        problem = await life.keep()
        self._end(SandboxGoneError(f"the sandbox {self.sandbox_id} is gone: {problem}", SandboxEnd.KILLED))

    def _end(self, gone: SandboxGoneError) -> SandboxGoneError:
        """Note why the sandbox is gone; the first reason counts."""
        if self._gone is None:
            self._gone = gone
            self._ended.set()
        return self._gone

    def _check_open(self) -> None:
        if self._gone is not None:
            raise self._gone
        if self._known is None:
            raise SandboxGoneError(f"the sandbox {self.sandbox_id} is not open")

    def _lease_api(self) -> LybicAPI:
        assert self._api is not None  # noqa: S101 - for the type checker: it is open
        return self._api

    def _not_opened(self, failed: FailedCallError) -> SandboxError:
        match failed.trouble:
            case Trouble.ACCOUNT:
                return self._account_refused(failed)
            case Trouble.MISSING if self._given is not None:
                return SandboxGoneError(
                    f"sandbox.id: Lybic has no sandbox {self._given} of this organization ({failed})", SandboxEnd.KILLED
                )
        return SandboxError(f"no sandbox of Lybic could be had: {failed}")

    async def _lost(self, failed: FailedCallError) -> SandboxError:
        """Return what it means that the screen cannot be seen."""
        if failed.trouble is Trouble.ACCOUNT:
            return self._account_refused(failed)
        gone = await self._why_gone()
        if gone is not None:
            return gone
        if failed.trouble is Trouble.REFUSED:
            return SandboxError(f"the screen of the sandbox {self.sandbox_id} cannot be seen: {failed}")
        problem = f"the sandbox {self.sandbox_id} does not answer: {failed}"
        return self._end(SandboxGoneError(problem, SandboxEnd.UNREACHABLE))

    async def _not_done(self, failed: FailedCallError) -> SandboxError:
        """Return what it means that an action failed."""
        if failed.trouble is Trouble.ACCOUNT:
            return self._account_refused(failed)
        if failed.trouble is Trouble.MISSING:
            gone = await self._why_gone()
            if gone is not None:
                return gone
        return TransientSandboxError(f"{failed}; {'it was not carried out' if failed.undone else UNKNOWN_OUTCOME}")

    async def _why_gone(self) -> SandboxGoneError | None:
        """Ask whether the sandbox still runs. Return why not; None if it does, or if nobody knows."""
        assert self._lease is not None  # noqa: S101 - for the type checker: it is open
        try:
            status = await self._lease.status()
        except FailedCallError:
            return None
        reason = ENDS.get(status)
        if reason is None:
            return None
        told = f"Lybic says {status}" if status else "Lybic has none of this id; somebody deleted it, or its life ended"
        return self._end(SandboxGoneError(f"the sandbox {self.sandbox_id} is gone: {told}", reason))

    def _account_refused(self, failed: FailedCallError) -> SandboxError:
        own = self._order.account.of_operator
        where = "LYBIC_ORG_ID and LYBIC_API_KEY" if own else "runningConfig.authorizationInfo"
        return SandboxError(f"Lybic refuses the account; check {where}: {failed}")
