"""The addresses of the jobs' pages."""

from django.urls import path
from django.views.generic import RedirectView

from jobs import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="jobs"), name="home"),
    path("jobs/", views.jobs, name="jobs"),
]
