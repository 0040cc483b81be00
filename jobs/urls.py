"""The addresses of the jobs' pages."""

from django.urls import path
from django.views.generic import RedirectView

from jobs import views
from jobs.access import needs
from jobs.permissions import Permission

urlpatterns = [
    path("", needs(Permission.VIEW)(RedirectView.as_view(pattern_name="jobs")), name="home"),
    path("jobs/", needs(Permission.VIEW)(views.jobs), name="jobs"),
]
