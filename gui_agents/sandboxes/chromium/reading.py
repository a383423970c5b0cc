"""Reads what a page shows, by the script that runs in a world of its own in each of its frames."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from gui_agents.sandboxes.chromium.browser import WORLD, script
from gui_agents.sandboxes.chromium.connection import CommandError, Connection, UnansweredError
from gui_agents.sandboxes.chromium.tab import Frame, PageInterruptedError, Tab

MAX_FRAMES: Final = 30
"""Frames of one page that are read."""
MAX_CLOSED_DEPTH: Final = 3
"""Closed shadow trees within closed shadow trees."""
READ_SECONDS: Final = 3.0
"""What computes for longer without a pause hangs."""

Told = Mapping[str, Any]
"""What the script tells of one document."""


class Reader:
    """Reads the pages of one browser."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def look(self, tab: Tab) -> dict[str, Told]:
        """Return what each frame of a page shows, by the frame's id; frames that cannot be read are left out.

        Raises:
            UnansweredError: the page does not answer: its script computes without a pause.
            PageInterruptedError: a dialog came up.
            CommandError: the page cannot be read now.
        """
        frames = list(tab.frames.values())[:MAX_FRAMES]
        if any(frame.context is None or frame.owned is None for frame in frames if frame.parent is not None):
            await self._prepare(tab, frames)
        told = await asyncio.gather(*(self._look(tab, frame) for frame in frames))
        return {frame.frame_id: each for frame, each in zip(frames, told, strict=True) if each is not None}

    async def _look_deeper(self, frame: Frame, told: dict[str, Any]) -> dict[str, Any]:
        """Look again for as long as there are elements that may have closed shadow trees, and have one."""
        for _ in range(MAX_CLOSED_DEPTH):
            if not told["strangers"]:
                break
            found = await asyncio.gather(*(self._open_shadow(frame, place) for place in range(told["strangers"])))
            if not any(found):
                break
            told = json.loads(await self.ask(frame, "agent.look()"))
        return told

    async def _open_shadow(self, frame: Frame, place: int) -> bool:
        """Give the script the closed shadow tree of an element; False if it has none."""
        call, context = self._connection.call, frame.context
        asked: dict[str, Any] = {
            "seconds": READ_SECONDS,
            "expression": f"agent.strangers[{place}]",
            "contextId": context,
        }
        element = (await call("Runtime.evaluate", frame.session, **asked))["result"].get("objectId")
        if element is None:
            return False
        node = (await call("DOM.describeNode", frame.session, seconds=READ_SECONDS, objectId=element, pierce=True))[
            "node"
        ]
        roots = [root for root in node.get("shadowRoots", ()) if root.get("shadowRootType") == "closed"]
        if not roots:
            return False
        wanted = {"backendNodeId": roots[0]["backendNodeId"], "executionContextId": context}
        root = await call("DOM.resolveNode", frame.session, seconds=READ_SECONDS, **wanted)
        await call(
            "Runtime.callFunctionOn",
            frame.session,
            seconds=READ_SECONDS,
            objectId=element,
            functionDeclaration="function (root) { agent.closed(this, root); }",
            arguments=[{"objectId": root["object"]["objectId"]}],
        )
        return True

    async def focus(self, frame: Frame) -> Told:
        """Return what has the focus in a frame: its role, name and kind, or the frame in which it is."""
        return dict(json.loads(await self.ask(frame, "agent.focus()")))

    async def ask(self, frame: Frame, expression: str) -> Any:
        """Return the JSON value of an expression in our world of a frame.

        Raises:
            UnansweredError: the page does not answer.
            CommandError: the frame is gone, or its script failed.
        """
        for attempt in range(3):
            context = frame.context or await self._context(frame)
            guarded = f"globalThis.agent ? ({expression}) : 'none'"
            try:
                reply = await self._evaluate(frame, context, guarded)
            except PageInterruptedError:
                raise
            except CommandError:
                # Its document was replaced in the meantime, and our world with it.
                frame.context = None
                if attempt:
                    raise
                continue
            if reply != "none":
                return reply
            await self._evaluate(frame, context, script())
        raise CommandError("the page's script does not start")

    async def _look(self, tab: Tab, frame: Frame) -> dict[str, Any] | None:
        try:
            told = json.loads(await self.ask(frame, "agent.look()"))
            return await self._look_deeper(frame, told) if told["strangers"] else told
        except PageInterruptedError:
            raise
        except UnansweredError:
            if frame.session == tab.session:
                raise
            self._connection.send("Runtime.terminateExecution", frame.session)
            tab.note("a part of the page did not answer; its script was ended")
        except CommandError:
            if frame is tab.root:
                raise
        return None

    async def _prepare(self, tab: Tab, frames: list[Frame]) -> None:
        """Let the script of each frame know the elements of those within it."""
        for frame in frames:
            parent = tab.frames.get(frame.parent or "")
            if parent is None:
                continue
            try:
                if parent.context is None:
                    await self._context(parent)
                if frame.owned != parent.context:
                    await self._own(parent, frame)
            except PageInterruptedError:
                raise
            except UnansweredError:
                if parent.session == tab.session:
                    raise
            except CommandError:
                parent.context = None

    async def _own(self, parent: Frame, frame: Frame) -> None:
        call, context = self._connection.call, parent.context
        owner = await call("DOM.getFrameOwner", parent.session, seconds=READ_SECONDS, frameId=frame.frame_id)
        node = {"backendNodeId": owner["backendNodeId"], "executionContextId": context}
        element = await call("DOM.resolveNode", parent.session, seconds=READ_SECONDS, **node)
        await call(
            "Runtime.callFunctionOn",
            parent.session,
            seconds=READ_SECONDS,
            objectId=element["object"]["objectId"],
            functionDeclaration=f"function (id) {{ if (!globalThis.agent) {{ {script()} }} agent.own(this, id); }}",
            arguments=[{"value": frame.frame_id}],
        )
        frame.owned = context

    async def _context(self, frame: Frame) -> int:
        made = await self._connection.call(
            "Page.createIsolatedWorld", frame.session, seconds=READ_SECONDS, frameId=frame.frame_id, worldName=WORLD
        )
        frame.context = int(made["executionContextId"])
        return frame.context

    async def _evaluate(self, frame: Frame, context: int, expression: str) -> Any:
        reply = await self._connection.call(
            "Runtime.evaluate",
            frame.session,
            seconds=READ_SECONDS,
            expression=expression,
            contextId=context,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in reply:
            raise CommandError(str(reply["exceptionDetails"].get("exception", {}).get("description", ""))[:300])
        return reply["result"].get("value")
