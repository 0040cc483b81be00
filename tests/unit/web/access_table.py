"""Who may request which URL: every URL of the site has a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ROLES = ("anonymous", "nobody", "Viewer", "Operator", "Admin")
"""nobody: an account without a group. Admin: with the staff status, as the admin needs it."""


def who(*allowed: str) -> dict[str, str]:
    """The result for each role if only these have access."""
    return {role: "in" if role in allowed else "forbidden" for role in ROLES} | (
        {} if "anonymous" in allowed else {"anonymous": "login"}
    )


ALL = who(*ROLES)
VIEWERS = who("Viewer", "Operator", "Admin")
OPERATORS = who("Operator", "Admin")
ADMINS = who("Admin")


@dataclass(frozen=True)
class Row:
    """One URL and method. ``kwargs`` fill the URL."""

    name: str
    expected: dict[str, str]
    method: str = "GET"
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


COMPANY = {"cin": "L24295GJ1987PLC143792"}
JOB = {"job_id": "65a1b2c3d4e5f60718293a4b"}
WATCH = {"watch_id": "65a1b2c3d4e5f60718293a4b"}
LIST = {"list_id": "65a1b2c3d4e5f60718293a4b"}
ENDPOINT = {"endpoint_id": "65a1b2c3d4e5f60718293a4b"}
EXPORT = {"export_id": "65a1b2c3d4e5f60718293a4b"}
LINK = {"secret": "fsl_unknown"}
VIEW = {"view_id": "65a1b2c3d4e5f60718293a4b"}
HOOK = {"webhook_id": "65a1b2c3d4e5f60718293a4b"}
BULK = {"action_id": "65a1b2c3d4e5f60718293a4b"}

TABLE = [
    Row("healthz", ALL),
    Row("readyz", ALL),
    Row("metrics", ALL),
    Row("login", ALL),
    Row("login", ALL, "POST"),
    Row("logout", ALL, "POST"),
    Row("login_code", dict.fromkeys(ROLES, "login")),  # the password comes first
    Row("login_code_passkey", dict.fromkeys(ROLES, "login"), "POST"),
    Row("login_code_passkey_options", ALL, "POST"),
    Row("passkey_login", ALL, "POST"),
    Row("passkey_login_options", ALL, "POST"),
    Row("oidc_start", ALL),
    Row("oidc_callback", ALL),
    Row("oidc_logout", ALL),
    Row("oidc_connect", VIEWERS, "POST"),
    Row("account_codes", VIEWERS),
    Row("account_codes_off", VIEWERS, "POST"),
    Row("account_passkeys", VIEWERS, "POST"),
    Row("account_passkey_options", VIEWERS, "POST"),
    Row("account_passkey_change", VIEWERS, "POST", {"passkey_id": 1, "action": "rename"}),
    Row("account_passkey_change", VIEWERS, "POST", {"passkey_id": 1, "action": "remove"}),
    Row("home", VIEWERS),
    Row("jobs", VIEWERS),
    Row("dashboard_live", VIEWERS),
    Row("export", VIEWERS),
    Row("bulk", VIEWERS, "POST"),
    Row("job", VIEWERS, kwargs=JOB),
    Row("act", OPERATORS, "POST", {**JOB, "action": "retry"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "cancel"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "prioritise"}),
    Row("act", OPERATORS, "POST", {**JOB, "action": "run_now"}),
    Row("act", ADMINS, "POST", {**JOB, "action": "delete"}),
    Row("companies", VIEWERS),
    Row("company", VIEWERS, kwargs=COMPANY),
    Row("company_filings", VIEWERS, kwargs=COMPANY),
    Row("company_export", VIEWERS, kwargs={**COMPANY, "kind": "csv"}),
    Row("text_search", VIEWERS),
    Row("document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_thumbnail", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_file", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("document_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("documents", VIEWERS),
    Row("failures", VIEWERS),
    Row("workers", VIEWERS),
    Row("audit", ADMINS),
    Row("audit_export", ADMINS),
    Row("order", OPERATORS),
    Row("order", OPERATORS, "POST"),
    Row("order_check", OPERATORS),
    Row("order_suggest", OPERATORS),
    Row("order_template", OPERATORS),
    Row("order_list", OPERATORS, "POST"),
    Row("order_simulated", OPERATORS, "POST"),
    Row("order_upload", OPERATORS, "POST"),
    Row("order_confirm", OPERATORS, "POST", {"upload_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("lists", VIEWERS),
    Row("list", VIEWERS, kwargs=LIST),
    Row("list_refused", VIEWERS, kwargs=LIST),
    Row("watches", VIEWERS),
    Row("usage", VIEWERS),
    Row("usage_export", VIEWERS),
    Row("usage_storage", ADMINS),
    Row("company_watch", OPERATORS, "POST", COMPANY),
    Row("list_mail", VIEWERS, "POST", LIST),
    Row("list_watch", OPERATORS, "POST", LIST),
    Row("list_watch_change", OPERATORS, "POST", {**LIST, "action": "pause"}),
    Row("watch_change", OPERATORS, "POST", {**WATCH, "action": "pause"}),
    Row("bulk_actions", VIEWERS),
    Row("bulk_action", VIEWERS, kwargs=BULK),
    Row("bulk_refused", VIEWERS, kwargs=BULK),
    Row("bulk_stop", VIEWERS, "POST", BULK),
    Row("exports", VIEWERS),
    Row("export_order", OPERATORS, "POST"),
    Row("zip_export", VIEWERS, kwargs=EXPORT),
    Row("export_delete", OPERATORS, "POST", EXPORT),
    Row("export_part", VIEWERS, kwargs={**EXPORT, "number": 1}),
    Row("export_manifest", VIEWERS, kwargs={**EXPORT, "kind": "csv"}),
    Row("export_share", ADMINS, "POST", EXPORT),
    Row("export_unshare", ADMINS, "POST", {**EXPORT, "link_id": 1}),
    Row("shared", ALL, kwargs=LINK),
    Row("shared_part", ALL, kwargs={**LINK, "number": 1}),
    Row("shared_manifest", ALL, kwargs={**LINK, "kind": "csv"}),
    Row("pause", OPERATORS),
    Row("pause", OPERATORS, "POST"),
    Row("resume", OPERATORS, "POST"),
    Row("release", OPERATORS, "POST"),
    Row("webhooks", ADMINS),
    Row("webhooks", ADMINS, "POST"),
    Row("webhook", ADMINS, kwargs=ENDPOINT),
    Row("webhook_lists", ADMINS, "POST", ENDPOINT),
    *(
        Row("webhook_act", ADMINS, "POST", {**ENDPOINT, "action": each})
        for each in ("test", "rotate", "enable", "disable", "remove")
    ),
    Row("deliveries", ADMINS),
    Row("delivery_resend", ADMINS, "POST", {"delivery_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("views", VIEWERS),
    Row("views", VIEWERS, "POST"),
    Row("view", VIEWERS, kwargs=VIEW),
    Row("view", VIEWERS, "POST", VIEW),
    Row("view_delete", VIEWERS, "POST", VIEW),
    Row("find", VIEWERS),
    Row("style", VIEWERS),
    Row("account", VIEWERS),
    Row("account", VIEWERS, "POST"),
    Row("account_notifications", VIEWERS, "POST"),
    Row("account_password", VIEWERS, "POST"),
    Row("account_sessions", VIEWERS, "POST"),
    Row("accounts", ADMINS),
    Row("account_invite", ADMINS),
    Row("account_invite", ADMINS, "POST"),
    Row("account_detail", ADMINS, kwargs={"account_id": 1}),
    *(
        Row("account_act", ADMINS, "POST", {"account_id": 1, "action": action})
        for action in ("role", "link", "deactivate", "reactivate", "sessions", "tokens")
    ),
    Row("welcome", ALL, kwargs={"uidb64": "MQ", "token": "a-b"}),
    Row("tokens", VIEWERS),
    Row("tokens", VIEWERS, "POST"),
    Row("token_revoke", VIEWERS, "POST", {"token_id": 1}),
    # The API authenticates by itself; its operations declare their rules.
    Row("api:api-root", ALL),
    Row("create-job:api-root", VIEWERS),  # the dashboard has the same URL and precedes it
    Row("api:openapi-json", ALL),
    Row("api:openapi-view", {**ALL, "anonymous": "login"}),
    Row("api:list_jobs", VIEWERS),
    Row("api:create_job", OPERATORS, "POST"),
    Row("api:get_job", VIEWERS, kwargs=JOB),
    Row("api:get_run_log", VIEWERS, kwargs={**JOB, "run": 1}),
    Row("api:retry_job", OPERATORS, "POST", JOB),
    Row("api:cancel_job", OPERATORS, "POST", JOB),
    Row("api:prioritise_job", OPERATORS, "POST", JOB),
    Row("api:run_job_now", OPERATORS, "POST", JOB),
    Row("api:delete_job", ADMINS, "DELETE", JOB),
    Row("api:list_documents", VIEWERS),
    Row("api:get_document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:download_document", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:download_text", VIEWERS, kwargs={**JOB, "number": 1}),
    Row("api:get_company", VIEWERS, kwargs=COMPANY),
    Row("api:export_records", VIEWERS, kwargs=COMPANY),
    Row("api:search_text", VIEWERS),
    Row("api:search_in_records", VIEWERS),
    Row("api:list_directory", VIEWERS),
    Row("api:list_filings", VIEWERS, kwargs=COMPANY),
    Row("api:stats", VIEWERS),
    Row("api:list_lists", VIEWERS),
    Row("api:create_list", OPERATORS, "POST"),
    Row("api:get_list", VIEWERS, kwargs=LIST),
    Row("api:get_list_mail", VIEWERS, kwargs=LIST),
    Row("api:choose_list_mail", VIEWERS, "PUT", LIST),
    Row("api:retry_list", OPERATORS, "POST", LIST),
    Row("api:cancel_list", OPERATORS, "POST", LIST),
    Row("api:prioritise_list", OPERATORS, "POST", LIST),
    Row("api:list_bulk_actions", VIEWERS),
    Row("api:get_bulk_action", VIEWERS, kwargs=BULK),
    Row("api:stop_bulk_action", VIEWERS, "POST", BULK),
    Row("api:list_watches", VIEWERS),
    Row("api:watch_company", OPERATORS, "POST"),
    Row("api:get_watch", VIEWERS, kwargs=WATCH),
    Row("api:pause_watch", OPERATORS, "POST", WATCH),
    Row("api:resume_watch", OPERATORS, "POST", WATCH),
    Row("api:end_watch", OPERATORS, "DELETE", WATCH),
    Row("api:watch_list_companies", OPERATORS, "POST", LIST),
    Row("api:pause_watches_of_list", OPERATORS, "POST", LIST),
    Row("api:resume_watches_of_list", OPERATORS, "POST", LIST),
    Row("api:create_export", OPERATORS, "POST"),
    Row("api:list_exports", VIEWERS),
    Row("api:get_export", VIEWERS, kwargs=EXPORT),
    Row("api:cancel_export", OPERATORS, "POST", EXPORT),
    Row("api:delete_export", OPERATORS, "DELETE", EXPORT),
    Row("api:download_part", VIEWERS, kwargs={**EXPORT, "number": 1}),
    Row("api:download_manifest", VIEWERS, kwargs=EXPORT),
    Row("api:list_links", ADMINS, kwargs=EXPORT),
    Row("api:create_link", ADMINS, "POST", EXPORT),
    Row("api:revoke_link", ADMINS, "DELETE", {**EXPORT, "link_id": 1}),
    Row("api:list_webhooks", ADMINS),
    Row("api:add_webhook", ADMINS, "POST"),
    Row("api:get_webhook", ADMINS, kwargs=HOOK),
    Row("api:remove_webhook", ADMINS, "DELETE", HOOK),
    Row("api:limit_webhook", ADMINS, "PUT", HOOK),
    *(
        Row(f"api:{each}", ADMINS, "POST", HOOK)
        for each in ("replace_webhook_secret", "disable_webhook", "enable_webhook", "test_webhook")
    ),
    Row("api:list_deliveries", ADMINS),
    Row("api:resend_delivery", ADMINS, "POST", {"delivery_id": "65a1b2c3d4e5f60718293a4b"}),
    Row("api:list_pauses", VIEWERS),
    Row("api:pause", OPERATORS, "POST"),
    Row("api:resume", OPERATORS, "POST"),
    Row("create-job:create_jobs", OPERATORS, "POST"),
    # A few URLs of Django's admin stand for all of them.
    Row("admin:index", ADMINS),
    Row("admin:login", {**ALL, "anonymous": "login"}),
    Row("admin:jsi18n", ADMINS),
    Row("admin:auth_user_changelist", ADMINS),
    Row("admin:auth_user_add", {**ADMINS, "Admin": "forbidden"}),
    Row("admin:auth_user_add", {**ADMINS, "Admin": "forbidden"}, "POST"),
    Row("admin:auth_user_change", ADMINS, "POST", {"object_id": 1}),
    Row("admin:auth_user_password_change", ADMINS, "POST", {"id": 1}),
    Row("admin:auth_group_changelist", ADMINS),
    Row("admin:logout", ADMINS, "POST"),
]
