"""Makes the Azure client's own retries visible: they cost time before an operation succeeds or fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.storage.blob import ExponentialRetry

#: Called with the reason of each retry, one of REASONS.
OnRetry = Callable[[str], object]

REASONS = ("throttled", "timeout", "server_error", "connection", "other")
_BY_STATUS = {408: "timeout", 429: "throttled", 503: "throttled", 500: "server_error", 502: "server_error"}


class CountedRetry(ExponentialRetry):
    """Reports each retry. The client accepts a hook per request only, and this sets one for all requests."""

    def __init__(self, on_retry: OnRetry, **settings: Any) -> None:
        super().__init__(**settings)
        self._on_retry = on_retry

    def configure_retries(self, request: Any) -> dict[str, Any]:
        settings: dict[str, Any] = super().configure_retries(request)
        settings["hook"] = self._report
        return settings

    def _report(self, *, response: Any = None, error: Exception | None = None, **_: Any) -> None:
        self._on_retry(reason(getattr(response, "status_code", None), error))


def reason(status: int | None, error: Exception | None) -> str:
    """The reason of a retry: the status of a response, or the error if there was none."""
    if status is not None:
        return _BY_STATUS.get(status, "server_error" if status >= 500 else "other")
    return "timeout" if "Timeout" in type(error).__name__ or "timed out" in str(error) else "connection"
