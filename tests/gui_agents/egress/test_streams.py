import asyncio

from tests.gui_agents.egress.peers import LONGEST, pair

SIZE = 100_000


async def test_flushing_waits_until_the_kernel_has_everything():
    stream, other = await pair()
    loop = asyncio.get_running_loop()
    stream.writer.write(b"x" * SIZE)

    async def left_when_flushed():
        await stream.flush()
        return stream.writer.transport.get_write_buffer_size()

    flushing = asyncio.create_task(left_when_flushed())
    for _ in range(50):
        await asyncio.sleep(0)
    assert not flushing.done()
    received = 0
    while not flushing.done():
        received += len(await asyncio.wait_for(loop.sock_recv(other, 65_536), LONGEST))
    assert await flushing == 0
    stream.abort()
    while data := await loop.sock_recv(other, 65_536):
        received += len(data)
    other.close()
    assert received == SIZE
