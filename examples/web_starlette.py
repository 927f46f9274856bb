"""A Starlette application that knows nothing of eagerloop; uvicorn is told which loop to run it on.

cd examples && uvicorn web_starlette:app --loop eagerloop:new_event_loop --port 8080
eagerloop run examples/web_starlette.py 8080      on eagerloop
python examples/web_starlette.py 8080             on asyncio
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

BLOCK = bytes(range(256)) * 256  # 64 KiB


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Hello, world!")


async def numbers(request: Request) -> JSONResponse:
    count = int(request.query_params.get("count", "10"))
    return JSONResponse({"numbers": list(range(count))})


async def upload(request: Request) -> JSONResponse:
    """What arrived, in whatever pieces: its size and digest."""
    digest, size = hashlib.sha256(), 0
    async for piece in request.stream():
        digest.update(piece)
        size += len(piece)
    return JSONResponse({"bytes": size, "sha256": digest.hexdigest()})


async def download(request: Request) -> StreamingResponse:
    """`?blocks=` blocks of 64 KiB with a Content-Length."""
    blocks = int(request.query_params.get("blocks", "1"))

    async def body() -> AsyncIterator[bytes]:
        for _ in range(blocks):
            yield BLOCK

    return StreamingResponse(body(), headers={"Content-Length": str(blocks * len(BLOCK))})


async def chunked(request: Request) -> StreamingResponse:
    """A hundred lines, each a chunk."""

    async def body() -> AsyncIterator[bytes]:
        for number in range(100):
            yield b"line %d\n" % number

    return StreamingResponse(body(), media_type="text/plain")


app = Starlette(
    routes=[
        Route("/", hello),
        Route("/numbers", numbers),
        Route("/upload", upload, methods=["POST"]),
        Route("/download", download),
        Route("/chunked", chunked),
    ]
)

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    # loop="none": no choice of uvicorn's own, but whatever asyncio.run gives.
    uvicorn.run(app, host="127.0.0.1", port=port, loop="none", log_level="warning")
