"""Companies, as pages, exports and the API show them."""

from __future__ import annotations

from jobs.bootstrap import application
from jobs.bootstrap.once import once
from jobs.domain.cin import CLASSES, LENGTH, STATES, Cin
from jobs.domain.companies.profile import Profile, profile_of
from jobs.domain.company_id import Llpin, as_stored, fault_of, parse_company_id
from jobs.domain.wrong_use import InvalidCin, UnknownCompany
from jobs.web.profiles import Profiles

MOST_DOCUMENTS = 10_000
MOST_ORDERS = 200

profiles = once(Profiles)


def profile(cin: str) -> Profile:
    """A company's profile, from two queries, or from one if it was viewed lately. Raises UnknownCompany, TooSlow."""
    cin = checked(cin)
    companies = application().companies
    orders = companies.orders(cin, MOST_ORDERS)
    if not orders:
        raise UnknownCompany(cin, fault_of(cin))
    return profiles().get(
        cin,
        orders,
        lambda: profile_of(cin, orders, companies.documents(cin, MOST_DOCUMENTS), most=MOST_DOCUMENTS),
    )


def checked(cin: str) -> str:
    """The CIN, LLPIN or FCRN of an address, as it is stored. Raises UnknownCompany if it cannot be one."""
    cin = as_stored(cin)
    if len(cin) > 2 * LENGTH or not cin.isascii() or not cin.isprintable():
        raise UnknownCompany(f"{cin[:LENGTH]!r}")
    return cin


def about(cin: str) -> list[str]:
    """The meaning of a CIN: class, listing, state and year; of LLPs and foreign companies only their kind.

    Empty if it is neither, or its codes are unknown.
    """
    try:
        found = parse_company_id(cin, this_year=application().clock().year, allow_unknown_codes=True)
    except InvalidCin:
        return []
    if isinstance(found, Cin):
        kind = CLASSES.get(found.kind, found.kind)
        state = STATES.get(found.state, found.state)
        return [kind[:1].upper() + kind[1:], "listed" if found.listed else "unlisted", state, f"since {found.year}"]
    return ["Limited liability partnership" if isinstance(found, Llpin) else "Foreign company"]
