"""The reference of the service: Starlette, one route that reads the body and answers the same bytes each time.

`python -m bench.constant_service FILE` serves the content of FILE on a free loopback port, which it prints, with the
settings of uvicorn that mlwright's own service has.
"""

import socket
import sys
from pathlib import Path


def main(reply: bytes) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def predict(request: Request) -> Response:
        await request.body()
        return Response(reply, media_type="application/json")

    # The protocol is named because asyncio sets TCP_NODELAY only then, as in mlwright.serving.server.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    print(listening.getsockname()[1], flush=True)
    app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, lifespan="off", timeout_keep_alive=75
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]).read_bytes())
