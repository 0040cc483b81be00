"""The pages about jobs."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from jobs.bootstrap import application

SHOWN = 100


def jobs(request: HttpRequest) -> HttpResponse:
    """The newest jobs."""
    return render(request, "jobs.html", {"jobs": application().jobs.latest(SHOWN), "shown": SHOWN})
