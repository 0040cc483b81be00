"""The Django apps of the site itself."""

from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AdminConfig):
    """Django's admin with our login."""

    default_site = "filesure_site.admin_site.AccountsSite"
