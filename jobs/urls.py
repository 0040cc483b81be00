"""The addresses of the staff's pages."""

from django.urls import path, re_path

from jobs.views import dashboard, job, listing, looking, ordering, tokens

urlpatterns = [
    path("", dashboard.dashboard, name="home"),
    path("live/", dashboard.dashboard_live, name="dashboard_live"),
    path("jobs/", listing.jobs, name="jobs"),
    path("jobs/export.csv", listing.export, name="export"),
    path("jobs/bulk/", listing.bulk, name="bulk"),
    path("jobs/<str:job_id>/", job.job, name="job"),
    re_path(r"^jobs/(?P<job_id>[^/]+)/(?P<action>retry|cancel|prioritise|delete)/$", job.act, name="act"),
    path("jobs/<str:job_id>/documents/<int:number>/file", job.document_file, name="document_file"),
    path("jobs/<str:job_id>/documents/<int:number>/text", job.document_text, name="document_text"),
    path("order/", ordering.order, name="order"),
    path("order/check/", ordering.check, name="order_check"),
    path("order/list/", ordering.pasted, name="order_list"),
    path("order/simulated/", ordering.simulated, name="order_simulated"),
    path("order/upload/", ordering.upload, name="order_upload"),
    path("order/upload/<str:upload_id>/", ordering.confirm, name="order_confirm"),
    path("documents/", looking.documents, name="documents"),
    path("failures/", looking.failures, name="failures"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", tokens.revoke, name="token_revoke"),
    path("workers/", looking.workers, name="workers"),
]
