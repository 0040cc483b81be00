"""A list or a file: its valid rows are ordered once."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.making import a_cin


def test_only_the_valid_rows_are_ordered(asha):
    page = asha.page
    cins = [a_cin() for _ in range(3)]
    lines = [
        "\ufeffcin,companyName,priority",
        f"{cins[0]},Good Limited,1",
        "nonsense,Bad Limited,1",
        f"{cins[0]},Good Limited again,1",
        f"{cins[1]},Too Urgent Limited,11",
        f'{cins[2]},"Comma, Limited",',
    ]
    _upload(page, "\r\n".join(lines).encode())
    expect(page.get_by_role("heading", level=1)).to_have_text("2 would be ordered, 3 refused")
    refused = page.get_by_role("region", name="Refused rows").locator("tbody tr")
    expect(refused).to_have_count(3)
    expect(refused.first).to_contain_text("3")
    page.goto(f"/jobs/?q={cins[0]}")
    expect(page.get_by_text("No job matches these filters.")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Order 2 jobs").click()
    expect(page.get_by_text("2 jobs ordered.")).to_be_visible()
    expect(page.get_by_text("3 rows refused.")).to_be_visible()
    page.get_by_role("link", name="All jobs of this list").click()
    expect(page.get_by_role("link", name="Comma, Limited")).to_have_count(1)
    expect(page.get_by_role("link", name="Good Limited")).to_have_count(1)


def test_workbook_is_refused_with_advice(asha):
    asha.expects(422)
    _upload(asha.page, b"PK\x03\x04workbook")
    expect(asha.page.get_by_role("alert")).to_contain_text("Save it as CSV UTF-8, or paste its rows as a list.")


def test_file_without_valid_rows_cannot_be_ordered(asha):
    asha.expects(422)
    _upload(asha.page, b"cin,companyName\nnonsense,Bad Limited\n")
    expect(asha.page.get_by_role("alert")).to_contain_text("No row can be ordered")
    expect(asha.page.get_by_role("button", name="Order")).to_have_count(0)


def _upload(page, data):
    page.goto("/order/?by=file")
    page.set_input_files("#file", {"name": "orders.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Check the file").click()


def test_dropped_file_is_chosen(asha):
    page = asha.page
    page.goto("/order/")
    page.get_by_role("link", name="A file").click()
    dropped = page.evaluate_handle(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
          return data;
        }""",
        f"{a_cin()};Dropped Limited\n",
    )
    zone, beside = page.locator(".drop-file"), page.locator("h1")
    beside.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop-file over")
    beside.dispatch_event("dragleave", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop-file")
    beside.dispatch_event("drop", {"dataTransfer": dropped})
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 would be ordered, 0 refused")
    expect(page.get_by_role("navigation", name="Breadcrumb")).to_contain_text("dropped.csv")


_OPERATOR = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
user = get_user_model().objects.create_user("meena", password={password!r})
user.groups.set(Group.objects.filter(name="Operator"))
"""


def test_list_above_the_monthly_limit_is_shortened(site, arrives):
    site.shell(_OPERATOR.format(password=site.password))
    visitor = arrives(site, "meena", viewport={"width": 360, "height": 740})
    visitor.expects(422)
    page, cins = visitor.page, [a_cin() for _ in range(3)]
    page.goto("/order/?by=list")
    expect(page.get_by_text("0 of 2 ordered this month, 2 left")).to_be_visible()
    field, check = page.locator("#list"), page.get_by_role("button", name="Check the list")
    field.fill("\n".join(f"{cin}, Limited Limited" for cin in cins))
    check.click()
    expect(page.get_by_role("alert")).to_contain_text("0 of 2 this month; this list has 3. Shorten it to 2")
    page.get_by_role("link", name="Go back").click()
    field.fill("\n".join(f"{cin}, Limited Limited" for cin in cins[:2]))
    check.click()
    page.get_by_role("button", name="Order 2 jobs").click()
    expect(page.get_by_text("2 jobs ordered.")).to_be_visible()
    page.goto("/usage/")
    expect(page.get_by_text("2 of 2 ordered this month, 0 left")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
