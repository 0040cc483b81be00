"""The bodies of webhooks: Standard Webhooks, Slack, and Teams."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from jobs.domain.endpoints import Format
from jobs.domain.events import Event
from jobs.web.notices.message import Message, message

#: https://adaptivecards.io/explorer/TextBlock.html
_COLOURS = {"success": "Good", "warning": "Warning", "error": "Attention", "info": "Default"}
_EMOJI = {"success": "✅", "warning": "⚠️", "error": "❌", "info": "🔔"}
Body = dict[str, Any]


def body(event: Event, form: Format, site_url: str) -> bytes:
    """The JSON to post; the same bytes for the same event."""
    made = _standard(event) if form is Format.STANDARD else _FOR_PEOPLE[form](message(event, site_url))
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode()


def _standard(event: Event) -> Body:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure"""
    return {"type": str(event.type), "timestamp": instant(event.at), "data": dict(event.data)}


def instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _slack(made: Message) -> Body:
    """https://api.slack.com/messaging/webhooks. A section has at most 3,000 characters."""
    facts = "\n".join(f"*{_slack_text(label)}:* {_slack_text(value)}" for label, value in made.facts)
    link = f"<{made.url}|{made.link}>"
    text = f"{_EMOJI[made.tone]} *{_slack_text(made.title)}*\n{facts}"[:2800] + f"\n{link}"
    return {
        "text": _slack_text(made.title),
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}],
    }


def _slack_text(text: str) -> str:
    """Escaped, so that a company's name mentions nobody and adds no link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(made: Message) -> Body:
    """A card for a workflow's webhook: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/"""
    title = {
        "type": "TextBlock",
        "size": "Medium",
        "weight": "Bolder",
        "wrap": True,
        "color": _COLOURS[made.tone],
        "text": _markdown_text(made.title),
    }
    facts = {
        "type": "FactSet",
        "facts": [{"title": each, "value": _markdown_text(value)} for each, value in made.facts],
    }
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [title, facts],
        "actions": [{"type": "Action.OpenUrl", "title": made.link, "url": made.url}],
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _markdown_text(text: str) -> str:
    """Escaped, so that a company's name adds no link."""
    return re.sub(r"([\[\]\\])", r"\\\1", text)


_FOR_PEOPLE: Mapping[Format, Callable[[Message], Body]] = {Format.SLACK: _slack, Format.TEAMS: _teams}
