"""``python -m bench.accuracy``: measures how much of synthetic filings is read correctly.

It writes bench/accuracy.json, in the format of results.json, with the counts of each form, method and field, and the
tables in docs/filings.md. The reader sees only the files; their content is known because they are generated here.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench import measuring
from bench.printed_forms import Sheet, printed_pdf, scanned_sheet, sheet
from jobs.domain.filings.reading import Reading
from jobs.domain.filings.records import BY_FORM, record_of, values_of
from jobs.simulated_companies import simulated_companies
from worker.extractors.reader import Reader
from worker.sources.simulated_filings import SimulatedFiling, Style, pdf_of, simulated_filings, truth_of
from worker.sources.simulated_forms import FORMS, Form, invented, label_of, xfa_pdf
from worker.sources.simulated_pages import lines_of
from worker.sources.simulated_print import acroform_pdf, radio_pdf, scanned_lines, scanned_pdf, text_form_pdf

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "filings.md"
RESULTS = ROOT / "bench" / "accuracy.json"
COMPANIES, SCANS, RADIOS = 24, 20, 40  # 24 × 4 forms × 3 methods + 20 + 40 = 348 filings
SHEET, SCANNED_SHEET = "sheet", "scanned sheet"
SHEETS, SCANNED_SHEETS = 6, 3  # for each form with a record; a scan takes some seconds
HISTORIES = 6  # companies of whose filings the records are compared, about 240 filings
STYLES = {
    Style.XFA: "XFA",
    Style.FIELDS: "AcroForm",
    Style.PRINTED: "text layer",
    Style.DRAWN: "V3",
    Style.SCANNED: "OCR",
}


def forms() -> Iterator[tuple[Form, str]]:
    """Each company's four forms, with a letter attached, and the company's CIN."""
    for number, (cin, name) in enumerate(simulated_companies(COMPANIES, random.Random(1))):
        letter = text_form_pdf(invented("ADT-1", cin, name, "letter"))
        for form in FORMS:
            yield invented(form, cin, name, number, {"letter.pdf": letter}), cin


def tokens(text: str) -> Counter[str]:
    return Counter(re.findall(r"[^\W_]+", text.casefold()))


def recall(truth: str, read: str) -> float:
    wanted, found = tokens(truth), tokens(read)
    return (wanted & found).total() / max(1, wanted.total())


def f1(truth: str, read: str) -> float:
    both = (tokens(truth) & tokens(read)).total()
    return 2 * both / max(1, tokens(truth).total() + tokens(read).total())


def spaced(text: str) -> str:
    return " ".join(text.split())


class Measured:
    """Reads files and counts correct values by name."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self.reader, self.folder = reader, folder
        self.right: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.filings = 0
        #: By form, method and field: how many values are true, found, and both.
        self.fields: dict[tuple[str, str, str], Counter[str]] = {}

    def read(self, data: bytes) -> Reading:
        path = self.folder / "filing"
        path.write_bytes(data)
        self.filings += 1
        return self.reader.read(path, "filing")

    def count(self, name: str, right: float, total: float = 1) -> None:
        self.right[name] += right  # type: ignore[assignment]
        self.all[name] += total  # type: ignore[assignment]

    def rate(self, name: str) -> float:
        return self.right[name] / max(1, self.all[name])

    def record(self, form: str, method: str, reading: Reading, truth: Mapping[str, object]) -> None:
        """Compare a record's values. ``None`` is the truth of a blank field."""
        found = {name: value.value for name, value in values_of(record_of(reading)) if name in truth}
        for name, true in truth.items():
            counts = self.fields.setdefault((form, method, re.sub(r"\[\d+\]", "", name)), Counter())
            counts["true"] += true is not None
            counts["found"] += name in found
            counts["both"] += true is not None and spaced(str(found.get(name))).casefold() == str(true).casefold()

    def precision_and_recall(self, method: str, form: str | None = None) -> tuple[float, float]:
        chosen = [counts for key, counts in self.fields.items() if key[1] == method and form in (None, key[0])]
        both, found, true = (sum(counts[what] for counts in chosen) for what in ("both", "found", "true"))
        return both / max(1, found), both / max(1, true)


def xfa(measured: Measured, form: Form) -> None:
    reading = measured.read(xfa_pdf(form))
    read = {field.path.replace("[1]", ""): field for field in reading.fields}
    for entry in form.entries:
        field = read.get(entry.key)
        measured.count(f"XFA leaves, {form.form}", bool(field and field.value == entry.value))
        if entry.shown != entry.value:
            measured.count("XFA choices resolved", bool(field and field.shown == spaced(entry.shown)))
    attachments(measured, reading)


def acroform(measured: Measured, form: Form) -> None:
    once = {entry.name: entry for entry in reversed(form.entries)}
    unique = Form(form=form.form, entries=list(once.values()), attachments=form.attachments)
    reading = measured.read(acroform_pdf(unique))
    read = {field.name: field.value for field in reading.fields}
    for entry in unique.entries:
        measured.count(f"AcroForm fields, {form.form}", spaced(read.get(entry.name, "")) == spaced(entry.shown))
    truth = " ".join(entry.shown for entry in unique.entries)
    measured.count("AcroForm flattened text, recall", recall(truth, reading.text))
    attachments(measured, reading)


def text(measured: Measured, form: Form) -> None:
    reading = measured.read(text_form_pdf(form))
    rows = [lines_of(label_of(entry), entry.shown) for entry in form.entries]
    truth = " ".join(f"{label} {value}" for row in rows for label, value in row)
    measured.count("text layer, recall", recall(truth, reading.text))
    lines = {spaced(line) for line in re.split("[\n\f]", reading.text)}
    for row in rows:
        right = all(spaced(f"{label} {value}") in lines for label, value in row)
        measured.count("text layer, values beside their labels", right)
    attachments(measured, reading)


def attachments(measured: Measured, reading: Reading) -> None:
    found = [inner for inner in reading.attachments if inner.name == "letter.pdf" and "ADT-1" in inner.text]
    measured.count("attachments found and read", len(found))


def radios(measured: Measured, seed: int) -> None:
    chance = random.Random(seed)
    options = ("Yes", "No", "Not applicable")
    asked = [(f"Whether question {number} applies", options, chance.randint(0, 2)) for number in range(12)]
    reading = measured.read(radio_pdf(asked))
    read = {field.caption: field.value for field in reading.fields}
    for label, _, selected in asked:
        measured.count("V3 radios", read.get(label) == options[selected])


def scan(measured: Measured, form: Form, cin: str, seed: int) -> None:
    """Measure a scan of 150 to 300 dpi, rotated by up to 2°, with noise."""
    chance = random.Random(seed)
    lines = scanned_lines(form, cin)
    reading = measured.read(scanned_pdf(lines, chance.choice((150, 200, 300)), chance))
    measured.count("OCR, token F1", f1("\n".join(lines), reading.text))
    record = record_of(reading)
    measured.count("OCR, CIN exact", bool(record.cin and record.cin.value == cin))
    for line in lines[1:-1]:
        value = line.partition(": ")[2]
        measured.count("OCR, values", spaced(value).casefold() in spaced(reading.text).casefold())


def records(measured: Measured) -> None:
    """Compare the records of companies' filings, and of some as scans, with what happened to the companies."""
    for cin, name in simulated_companies(HISTORIES, random.Random(2)):
        filings = simulated_filings(cin)
        printed = [filing for filing in filings if filing.style is Style.PRINTED and not filing.has_tables]
        scans = [replace(filing, style=Style.SCANNED) for filing in printed[:3]]
        for filing in [*filings, *scans]:
            _record(measured, filing, name)


def _record(measured: Measured, filing: SimulatedFiling, company_name: str) -> None:
    reading = measured.read(pdf_of(filing, company_name))
    measured.record(filing.form, STYLES[filing.style], reading, truth_of(filing, company_name))
    read = dict(values_of(record_of(reading)))
    for field, truth in truth_of(filing, company_name).items():
        right = field in read and read[field].value == truth
        measured.count(f"values of records, {STYLES[filing.style]}", right)


def sheets(measured: Measured) -> None:
    """Every form with a record as printed sheets with blank fields, and some of them scanned."""
    companies = list(simulated_companies(SHEETS, random.Random(3)))
    for form in sorted(BY_FORM):
        for number, (cin, _) in enumerate(companies):
            chance = random.Random(f"{form}/{number}")
            made = sheet(form, cin, chance)
            measured.record(form, SHEET, measured.read(printed_pdf(made)), made.truth)
            if number < SCANNED_SHEETS:
                _scanned(measured, made, chance)


def _scanned(measured: Measured, made: Sheet, chance: random.Random) -> None:
    reading = measured.read(scanned_sheet(made, chance.choice((150, 200, 300)), chance))
    measured.record(made.form, SCANNED_SHEET, reading, made.truth)


def report(measured: Measured) -> measuring.Report:
    limits = {
        **{f"XFA leaves, {form}": 1.0 for form in FORMS},
        "XFA choices resolved": 1.0,
        **{f"AcroForm fields, {form}": 1.0 for form in FORMS},
        "AcroForm flattened text, recall": 0.93,
        "text layer, recall": 0.98,
        "text layer, values beside their labels": 0.99,
        "V3 radios": 0.95,
        "OCR, token F1": 0.97,
        "OCR, CIN exact": 0.95,
        "OCR, values": 0.95,
        "attachments found and read": 1.0,
        "values of records, XFA": 1.0,
        "values of records, AcroForm": 1.0,
        "values of records, text layer": 0.99,
        "values of records, V3": 0.99,
        "values of records, OCR": 0.95,
    }
    results = measuring.Report()
    for name, limit in limits.items():
        results.add(name, measured.rate(name), limit, at_least=True, note=f"{measured.all[name]:,.0f} counted")
    for method, limit in {SHEET: 0.99, SCANNED_SHEET: 0.95}.items():
        precision, recall_ = measured.precision_and_recall(method)
        results.add(f"values of a {method}, precision", precision, limit, at_least=True)
        results.add(f"values of a {method}, recall", recall_, limit, at_least=True)
    return results


def table(results: measuring.Report) -> str:
    lines = ["| Measured | Value | At least |", "|---|---|---|"]
    lines += [f"| {row['name']} | {row['value']} | {row['limit']} |" for row in results.rows]
    return "\n".join(lines)


def table_of_forms(measured: Measured) -> str:
    methods = (*STYLES.values(), SHEET, SCANNED_SHEET)
    lines = [f"| Form | {' | '.join(methods)} |", "|---|" + "---|" * len(methods)]
    for form in sorted({key[0] for key in measured.fields}):
        cells = [_cell(measured, form, method) for method in methods]
        lines.append(f"| {form} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(measured: Measured, form: str, method: str) -> str:
    if not any(key[:2] == (form, method) for key in measured.fields):
        return ""
    precision, found = measured.precision_and_recall(method, form)
    return f"{precision:.2f} / {found:.2f}"


def _write_fields(measured: Measured) -> None:
    """Add the counts of each field to the results."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    results["fields"] = [
        {"form": form, "method": method, "field": field, **counts}
        for (form, method, field), counts in sorted(measured.fields.items())
    ]
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _write_table(name: str, content: str) -> None:
    page, begin, end = PAGE.read_text(encoding="utf-8"), f"<!-- {name} -->", f"<!-- /{name} -->"
    PAGE.write_text(f"{page.split(begin)[0]}{begin}\n{content}\n{end}{page.split(end)[1]}", encoding="utf-8")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, closing(Reader()) as reader:
        measured = Measured(reader, Path(folder))
        for number, (form, cin) in enumerate(forms()):
            xfa(measured, form)
            acroform(measured, form)
            text(measured, form)
            if number < SCANS:
                scan(measured, form, cin, number)
        for seed in range(RADIOS):
            radios(measured, seed)
        records(measured)
        sheets(measured)
    results = report(measured)
    good = results.write(f"none; {measured.filings} filings", RESULTS)
    _write_fields(measured)
    _write_table("accuracy", table(results))
    _write_table("forms", table_of_forms(measured))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
