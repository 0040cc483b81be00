"""The app for Django's admin."""

from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AdminConfig):
    """Django's admin with the site's login."""

    default_site = "filesure_site.admin_site.AccountsSite"

    def ready(self) -> None:
        super().ready()
        from filesure_site import checks  # noqa: F401  for its registration

        # Models cannot be imported earlier.
        from jobs.web import (
            admin,  # noqa: F401  for its registrations
            sessions,
            subscribers,
        )

        sessions.connect()
        subscribers.connect()
