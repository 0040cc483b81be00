"""Webhook endpoints, and the log of all deliveries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jobs.bootstrap import application
from jobs.domain.audit import Actor
from jobs.domain.channels import Channel
from jobs.domain.deliveries import Delivery, DeliveryFilter, DeliveryState
from jobs.domain.endpoints import CHOICES, Endpoint, Format
from jobs.domain.listing import parse_cursor
from jobs.domain.order_list import OrderList
from jobs.domain.wrong_use import InvalidEndpoint
from jobs.services.webhooks import WebhookService
from jobs.web.access import needs
from jobs.web.notices.message import message
from jobs.web.permissions import Permission
from jobs.web.private import private_page
from jobs.web.request_context import actor, own_path

PAGE, LATEST = 50, 20
FORMATS: Mapping[Format, str] = {
    Format.STANDARD: "JSON with a signature (Standard Webhooks)",
    Format.SLACK: "Slack: a message in a channel",
    Format.TEAMS: "Microsoft Teams: a card in a channel",
}


@needs(Permission.WEBHOOK)
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """The endpoints. A POST adds one and shows its secret once."""
    context: dict[str, Any] = {"given": {}, "error": None, "made": None}
    if request.method == "POST":
        context = _added(request)
    context |= {
        "endpoints": application().notifications.endpoints.all(),
        "choices": [(str(kind), about) for kind, about in CHOICES.items()],
        "formats": [(str(form), about) for form, about in FORMATS.items()],
        "lists": _lists(frozenset()),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if context["error"] else HTTPStatus.OK
    return private_page(request, "webhooks.html", context, status)


def _added(request: HttpRequest) -> dict[str, Any]:
    given = {name: request.POST.get(name, "") for name in ("name", "url", "format")}
    types, lists = request.POST.getlist("types"), request.POST.getlist("lists")
    try:
        made = application().notifications.webhooks.add(types=types, lists=lists, actor=actor(request), **given)
    except InvalidEndpoint as error:
        return {"given": {**given, "types": types, "lists": lists}, "error": error, "made": None}
    return {"given": {}, "error": None, "made": made}


@needs(Permission.WEBHOOK)
@require_safe
def webhook(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """One endpoint with its latest deliveries."""
    return _endpoint(request, application().notifications.endpoints.get(endpoint_id))


def _endpoint(request: HttpRequest, endpoint: Endpoint, *, show_secret: bool = False) -> HttpResponse:
    log = application().notifications.deliveries.log(DeliveryFilter(target=endpoint.id), None, LATEST)
    context = {
        "endpoint": endpoint,
        "types": [(str(kind), about) for kind, about in CHOICES.items() if kind in endpoint.types],
        "format": FORMATS[endpoint.format],
        "show_secret": show_secret,
        "lists": _lists(endpoint.lists),
        "rows": [(each, _title(each)) for each in log.items],
        "more": bool(log.next),
    }
    return private_page(request, "webhook.html", context)


def _lists(chosen: frozenset[str]) -> list[OrderList]:
    """The lists to choose from: the latest, and those that are chosen."""
    stored = application().lists.lists
    latest = stored.latest(None, LATEST).items
    return latest + [stored.get(each) for each in sorted(chosen - {each.id for each in latest}, reverse=True)]


@needs(Permission.WEBHOOK)
@require_POST
def limit(request: HttpRequest, endpoint_id: str) -> HttpResponse:
    """Limit an endpoint to the events of some lists."""
    try:
        changed = application().notifications.webhooks.limit(endpoint_id, request.POST.getlist("lists"), actor(request))
    except InvalidEndpoint as error:
        messages.error(request, str(error))
    else:
        which = "of the chosen lists only" if changed.lists else "of all orders, lists and watches"
        messages.success(request, f"The endpoint receives events {which}.")
    return HttpResponseRedirect(reverse("webhook", args=[endpoint_id]))


#: Each action and what is said afterwards.
ACTIONS: Mapping[str, tuple[Callable[[WebhookService, str, Actor], object], str]] = {
    "test": (WebhookService.test, "The test is on its way; its result appears below within seconds."),
    "rotate": (WebhookService.rotate, ""),
    "enable": (WebhookService.enable, "The endpoint is enabled. Resend missed deliveries from the log."),
    "disable": (WebhookService.disable, "The endpoint is disabled. Events from now on are not sent to it."),
    "remove": (WebhookService.remove, "The endpoint is removed. Its deliveries stay in the log."),
}


@needs(Permission.WEBHOOK)
@require_POST
def act(request: HttpRequest, endpoint_id: str, action: str) -> HttpResponse:
    """Carry out an action. A new secret is shown in the response, once."""
    run, said = ACTIONS[action]
    changed = run(application().notifications.webhooks, endpoint_id, actor(request))
    if action == "rotate" and isinstance(changed, Endpoint):
        return _endpoint(request, changed, show_secret=True)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("webhooks") if action == "remove" else reverse("webhook", args=[endpoint_id]))


@needs(Permission.WEBHOOK)
@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """The log of all deliveries, by mail too."""
    given = {name: request.GET.get(name, "") for name in ("to", "channel", "state")}
    wanted = DeliveryFilter(
        target=given["to"].replace("\x00", "")[:150],
        channel=Channel(given["channel"]) if given["channel"] in {*Channel} else None,
        state=DeliveryState(given["state"]) if given["state"] in {*DeliveryState} else None,
    )
    parts = application().notifications
    page = parts.deliveries.log(wanted, parse_cursor(request.GET.get("cursor", "")), PAGE)
    names = {each.id: each for each in parts.endpoints.all()}
    context = {
        "page": page,
        "rows": [(each, _title(each), names.get(each.target)) for each in page.items],
        "given": given,
        "channels": [str(each) for each in Channel],
        "states": [str(each) for each in DeliveryState],
        "endpoints": list(names.values()),
        "filtered": any(given.values()),
    }
    return render(request, "deliveries.html", context)


@needs(Permission.WEBHOOK)
@require_POST
def resend(request: HttpRequest, delivery_id: str) -> HttpResponse:
    application().notifications.webhooks.resend(delivery_id, actor(request))
    messages.success(request, "The delivery is due again, with the same id.")
    return HttpResponseRedirect(own_path(request, request.headers.get("Referer")) or reverse("deliveries"))


def _title(delivery: Delivery) -> str:
    return message(delivery.event, "").title
