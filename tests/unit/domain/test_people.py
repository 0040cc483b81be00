"""Directors and officers, from the forms that report their appointment and cessation."""

from __future__ import annotations

from datetime import date

from jobs.domain.document import Document
from tests.unit.domain.stating import MARCH, profile, says


def test_directors_come_and_go():
    found = profile(
        says(
            "DIR-12",
            date(2016, 4, 20),
            directors__1__din="07120034",
            directors__1__event="APPN",
            directors__1__designation="Managing director",
            directors__1__appointed_on=date(2016, 4, 12),
            officers__1__first_name="Leela",
            officers__1__last_name="Nair",
            officers__1__designation="CFO",
        ),
        says("DIR-12", date(2022, 4, 20), din="06510007", event="Cessation", ceased_on=date(2022, 4, 12)),
        says(
            "MGT-7",
            date(2025, 11, 1),
            year_end=MARCH,
            directors__1__name="Asha Raman",
            directors__1__din="07120034",
            directors__2__name="LEELA NAIR",
        ),
        says("MGT-7", date(2021, 11, 1), year_end=date(2021, 3, 31), directors__1__name="Gone", directors__1__din="1"),
    )
    people = {each.name: each for each in found.people}
    assert [each.name for each in found.people if each.is_current] == ["Asha Raman", "LEELA NAIR"]
    assert people["Asha Raman"].since[0].value == date(2016, 4, 12)
    assert people["Asha Raman"].since[0].source.form == "DIR-12"
    assert people["DIN 06510007"].until[0].value == date(2022, 4, 12)
    assert not people["Gone"].is_current


def test_director_who_returned_is_current():
    def row(filed_on: date, **values: object) -> Document:
        return says("DIR-12", filed_on, din="07120034", **values)

    (person,) = profile(
        row(date(2016, 1, 9), appointed_on=date(2016, 1, 1)),
        row(date(2018, 1, 9), ceased_on=date(2018, 1, 1)),
        row(date(2020, 1, 9), appointed_on=date(2020, 1, 1)),
    ).people
    assert person.is_current
    assert person.until == ()
    assert [each.what for each in person.events] == ["appointed", "ceased", "appointed"]


def test_officer_who_resigned_has_left():
    def form(filed_on: date, event: str, on: date) -> Document:
        values = {"officers__1__first_name": "Leela", "officers__1__last_name": "Nair", "officers__1__event": event}
        return says("DIR-12", filed_on, officers__1__effective_from=on, **values)

    appointed = form(date(2016, 4, 20), "APPN", date(2016, 4, 12))
    (person,) = profile(appointed, form(date(2022, 4, 20), "RESG", date(2022, 4, 12))).people
    assert not person.is_current
    assert [each.value for each in person.since] == [date(2016, 4, 12)]
    assert [each.value for each in person.until] == [date(2022, 4, 12)]


def test_director_who_left_on_an_unread_day_has_left():
    def form(filed_on: date, event: str, **days: date) -> Document:
        return says("DIR-12", filed_on, din="07120034", event=event, **days)

    appointed = form(date(2016, 1, 9), "Appointment", appointed_on=date(2016, 1, 1))
    left = form(date(2018, 1, 9), "Cessation")
    (person,) = profile(appointed, left).people
    assert (person.is_current, person.has_left, person.until) == (False, True, ())
    back = form(date(2020, 1, 9), "Appointment", appointed_on=date(2020, 1, 1))
    assert profile(appointed, left, back).people[0].is_current
