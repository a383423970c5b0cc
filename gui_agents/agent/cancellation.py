"""A cancel that cannot be swallowed: whoever waits for a sandbox or a model asks for it again afterwards."""

import asyncio


def is_cancelled() -> bool:
    """Return whether the current asyncio task was cancelled, even if a sandbox or a model ignored the cancel."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def end_if_cancelled() -> None:
    """End the current asyncio task here if a sandbox or a model has ignored its cancel.

    Raises:
        CancelledError: it was cancelled.
    """
    if is_cancelled():
        raise asyncio.CancelledError
