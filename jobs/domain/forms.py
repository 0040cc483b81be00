"""The catalogue of MCA forms, whose names sources, filters and records share.

Forms under the Companies Act, 2013, and its rules are letters and a number joined by a hyphen; those under the 1956 Act
are a number.
"""

from __future__ import annotations

from types import MappingProxyType

#: The name for forms that are not in the catalogue.
OTHER = "OTHER"

#: The most requested forms, with their purpose.
FORMS = MappingProxyType(
    {
        "AOC-4": "Financial statements",
        "MGT-7": "Annual return",
        "MGT-7A": "Abridged annual return",
        "DIR-12": "Appointment and change of directors",
        "ADT-1": "Appointment of the auditor",
        "INC-22": "Situation of the registered office",
        "CHG-1": "Creation or modification of a charge",
        "CHG-4": "Satisfaction of a charge",
        "PAS-3": "Return of allotment",
        "MGT-14": "Resolutions and agreements",
        "SH-7": "Alteration of share capital",
        "DPT-3": "Return of deposits",
    }
)

#: The highest form number of each series; ``AOC-41`` is not a form.
SERIES = MappingProxyType(
    {
        "ADT": 4,
        "AOC": 5,
        "BEN": 8,
        "CHG": 10,
        "CRA": 4,
        "DIR": 12,
        "DPT": 4,
        "FC": 4,
        "GNL": 4,
        "INC": 35,
        "LLP": 34,
        "MGT": 15,
        "MR": 3,
        "MSME": 1,
        "PAS": 6,
        "SH": 15,
    }
)

#: Forms under the 1956 Act, in older filings.
OLD_FORMS = ("8", "10", "17", "18", "23", "23AC", "23ACA", "23B", "20B", "21A", "32", "66", "2", "5", "1", "1A")
