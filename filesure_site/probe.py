"""``python -m filesure_site.probe web`` or ``worker``: check the process in this container.

For the images' HEALTHCHECK, which needs a command; the images have no curl. Kubernetes probes by HTTP itself.
"""

from __future__ import annotations

import http.client
import sys

from jobs.configuration.table import Configuration, current

SECONDS = 3.0


def address(what: str, config: Configuration) -> tuple[int, str]:
    """The port and path to request. Raises KeyError for an unknown component."""
    return {"web": (config.port, "/healthz"), "worker": (config.metrics_port, "/metrics")}[what]


def main(what: str) -> int:
    """Returns HEALTHCHECK's exit code: 0 healthy, 1 unhealthy."""
    port, path = address(what, current())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"No response from port {port}: {error}\n")
        return 1
    finally:
        connection.close()
    return int(status != http.client.OK)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
