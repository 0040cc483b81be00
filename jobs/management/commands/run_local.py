"""``manage.py run_local``: run everything on this machine until Ctrl-C. ``make run`` calls it."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.core.management import call_command

from filesure_site.local import STAFF, Local, create_staff, manage_command
from jobs.adapters.mongo.migration import update_all
from jobs.bootstrap import application
from jobs.management.base import FilesureCommand
from jobs.simulated_companies.listing import simulated_listing

#: Companies of the demonstration's directory, and how many are stored at once: few, since a slow machine must store
#: them within MONGODB_TIMEOUT_SECONDS.
_LISTED, _AT_ONCE = 5_000, 200


class Command(FilesureCommand):
    """Runs everything."""

    help = (
        "Run MongoDB (unless MONGODB_URI is set; mongod if it is on the PATH, or else the embedded one), the web site"
        " on PORT and the local scaler, until Ctrl-C. All data is stored under DATA_DIR."
    )

    def handle(self, **_: Any) -> None:
        local = Local(configuration=application().configuration, say=self.stdout.write)
        local.run(self._prepare)
        self.stdout.write("Stopped. All data is kept under DATA_DIR.")

    def _prepare(self) -> None:
        """Prepare what the web site and the workers need."""
        app = application()
        for _ in update_all(app.database, app.configuration.source):
            pass
        call_command("migrate", verbosity=0)
        if app.configuration.source == "simulated" and app.directory.is_empty():
            companies = iter(simulated_listing(_LISTED, "demonstration"))
            while some := list(islice(companies, _AT_ONCE)):
                app.directory.save(some)
        self._greet(create_staff())

    def _greet(self, password: str | None) -> None:
        config = application().configuration
        manage = manage_command(config.data_dir)
        lines = [
            "",
            f"  Filesure    http://localhost:{config.port}/",
            f"  log in as   {STAFF}, password {password} (shown only this once)" if password else None,
            f"  order       {manage} create_jobs --count 5",
            f"  status      {manage} job_status",
            "  stop        Ctrl-C",
            "",
        ]
        self.stdout.write("\n".join(line for line in lines if line is not None))
        self.stdout.flush()  # also into a file: the password is shown only once
