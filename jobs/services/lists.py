"""Orders many jobs as one list, which can be repeated after an interruption."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jobs.domain.errors import FilesureError
from jobs.domain.job import Job
from jobs.domain.order_list import LONGEST_NAME, OrderList, RefusedRow, field_at_fault, job_id_in
from jobs.domain.wrong_use import InvalidOrder
from jobs.ports import Clock, OrderListRepository
from jobs.services.ordering import JobService
from jobs.services.orders import Order


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """One row: an order, or its fault and text."""

    line: int
    order: Order | None = None
    problem: FilesureError | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ListService:
    """The use cases of lists."""

    lists: OrderListRepository
    service: JobService
    clock: Clock

    def place(self, list_id: str, name: str, batches: Iterable[Sequence[ListRow]], *, requested_by: str) -> OrderList:
        """Order the rows. Idempotent: the jobs' ids follow from the list's id and the rows' numbers.

        If it is interrupted, the rows so far are ordered, and a repetition orders the others. Raises InvalidOrder.
        """
        named = " ".join(name.split())[:LONGEST_NAME]
        if not named.isprintable() or not named:
            raise InvalidOrder("The list needs a printable name.", field="name")
        begun = self.lists.begin(OrderList(id=list_id, name=named, by=requested_by, at=self.clock()))
        if begun.done_at:
            return begun
        ordered = refused = 0
        for batch in batches:
            rows = self._refused(list_id, batch, requested_by)
            self.lists.refuse(list_id, rows)
            ordered, refused = ordered + len(batch) - len(rows), refused + len(rows)
        self.lists.finish(list_id, ordered=ordered, refused=refused)
        return self.lists.get(list_id)

    def _refused(self, list_id: str, batch: Sequence[ListRow], requested_by: str) -> list[RefusedRow]:
        wanted = [(row, row.order) for row in batch if row.order]
        ids = [job_id_in(list_id, row.line) for row, _ in wanted]
        orders = [order for _, order in wanted]
        results = iter(self.service.order(orders, requested_by=requested_by, in_list=(list_id, ids)))
        outcomes = [(row, row.problem or next(results)) for row in batch]
        return [_refusal(row, outcome) for row, outcome in outcomes if not isinstance(outcome, Job)]


def _refusal(row: ListRow, error: FilesureError) -> RefusedRow:
    order = row.order or Order(cin="", company_name="")
    return RefusedRow(
        line=row.line,
        cin=order.cin,
        company_name=order.company_name,
        priority=str(order.priority or ""),
        not_before=str(order.not_before or ""),
        row="" if row.order else row.text,
        field=field_at_fault(error),
        reason=str(error),
    )
