"""The child process of `started`: reads what to serve from standard input, says its port, serves."""

import json
import sys

from mlwright.base.errors import MlwrightError
from mlwright.serving.server import listen, run_on
from mlwright.serving.settings import Settings


def main() -> int:
    """Serve what standard input names, on a free loopback port, until SIGTERM."""
    order = json.load(sys.stdin)
    listening = listen("127.0.0.1", 0)
    sys.stdout.write(json.dumps({"port": listening.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    try:
        run_on(listening, order["delivery"], Settings.model_validate(order["settings"]))
    except MlwrightError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
