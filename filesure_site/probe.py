"""``python -m filesure_site.probe web`` or ``worker``: does the process in this container answer?

For the images' HEALTHCHECK, which wants a command and has no curl. Kubernetes asks by HTTP itself.
"""

from __future__ import annotations

import http.client
import sys

from filesure_site.configuration import Configuration, current

SECONDS = 3.0


def address(what: str, config: Configuration) -> tuple[int, str]:
    """The port and the path to ask. Raises KeyError for what is neither web nor worker."""
    return {"web": (config.port, "/healthz"), "worker": (config.metrics_port, "/metrics")}[what]


def main(what: str) -> int:
    """The exit code that HEALTHCHECK understands: 0 healthy, 1 not."""
    port, path = address(what, current())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"Nothing answers at port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    return int(status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
