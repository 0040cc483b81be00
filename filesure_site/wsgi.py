"""The web site as gunicorn runs it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from filesure_site import logs
from filesure_site.configuration import current

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filesure_site.settings")
logs.configure(current(), settings.SECRET_KEY)
application = get_wsgi_application()
