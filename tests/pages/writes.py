"""Every write that the pages have: where its form is sent, and the right that it needs."""

from __future__ import annotations

from uuid import UUID

from retention.access import Right

SOME_HOLD = UUID(int=7)
WRITES: dict[str, Right] = {
    "/stop": Right.STOP,
    "/resume": Right.RESUME,
    "/findings/acknowledge": Right.ACKNOWLEDGE_FINDING,
    "/evidence/verify": Right.CHECK_LEDGER,
    "/holds": Right.ADD_HOLD,
    f"/holds/{SOME_HOLD}/approve": Right.APPROVE_HOLD,
    f"/holds/{SOME_HOLD}/end": Right.END_HOLD,
}
