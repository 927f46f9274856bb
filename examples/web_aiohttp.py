"""An aiohttp application that knows nothing of eagerloop.

eagerloop run examples/web_aiohttp.py 8080      on eagerloop
python examples/web_aiohttp.py 8080             on asyncio
"""

from __future__ import annotations

import hashlib
import sys

from aiohttp import web

BLOCK = bytes(range(256)) * 256  # 64 KiB


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="Hello, world!")


async def numbers(request: web.Request) -> web.Response:
    count = int(request.query.get("count", "10"))
    return web.json_response({"numbers": list(range(count))})


async def upload(request: web.Request) -> web.Response:
    """What arrived, in whatever pieces: its size and digest."""
    digest, size = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        digest.update(piece)
        size += len(piece)
    return web.json_response({"bytes": size, "sha256": digest.hexdigest()})


async def download(request: web.Request) -> web.StreamResponse:
    """`?blocks=` blocks of 64 KiB with a Content-Length."""
    blocks = int(request.query.get("blocks", "1"))
    response = web.StreamResponse(headers={"Content-Length": str(blocks * len(BLOCK))})
    await response.prepare(request)
    for _ in range(blocks):
        await response.write(BLOCK)
    await response.write_eof()
    return response


async def chunked(request: web.Request) -> web.StreamResponse:
    """A hundred lines, each a chunk."""
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for number in range(100):
        await response.write(b"line %d\n" % number)
    await response.write_eof()
    return response


def make_app() -> web.Application:
    app = web.Application(client_max_size=0)
    app.router.add_get("/", hello)
    app.router.add_get("/numbers", numbers)
    app.router.add_post("/upload", upload)
    app.router.add_get("/download", download)
    app.router.add_get("/chunked", chunked)
    return app


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    web.run_app(make_app(), host="127.0.0.1", port=port, access_log=None)
