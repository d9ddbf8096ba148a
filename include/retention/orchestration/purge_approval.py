"""The task in which another person approves or rejects exactly one purge's plan; nobody's answer in time is a no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from retention.orchestration import purge_steps, words
from retention.orchestration.four_eyes import assigned_but

APPROVE, REJECT = "Approve", "Reject"
PREVIEW = "preview"
"""The task whose result is what is approved."""


class PurgeApproval(HITLOperator):
    """Waits without a worker. Who asked, and who has approved already, is refused when they answer, and again here; what is
    recorded is read by the task that deletes, so that no state of this one can replace it."""

    def __init__(self, *, number: int, earlier: str | None = None, **more: Any) -> None:
        """`number`: the first or the second approval; `earlier` is the task of the one before."""
        super().__init__(
            subject="A manual purge waits for your approval",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            execution_timeout=None,
            retries=0,
            **more,
        )
        self.number = number
        self.earlier = earlier

    def execute(self, context: Any) -> Any:
        """Ask, or go on where no answer is needed."""
        preview = self._preview(context)
        purge_steps.require_wanted(preview)
        if self.number > preview["approvals_needed"]:
            return {"approved_by": None}
        self.body = words.of_purge(preview)
        self.assigned_users = assigned_but(preview["requested_by"], *self._earlier(context))  # type: ignore[assignment]
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Record the answer under the name that Airflow's login gave."""
        answer = super().execute_complete(context, event)
        preview, person = self._preview(context), (answer["responded_by_user"] or {}).get("name")
        if answer["chosen_options"] != [APPROVE]:
            purge_steps.record_refusal(preview, person)
            raise AirflowSkipException("rejected" if person else "nobody answered in time: that is a no")
        if person is None or person in self._earlier(context):
            raise AirflowFailException("found an approval by nobody, or by the same person again; expected another one")
        return {"approved_by": purge_steps.record_approval(preview, person, context["run_id"])["approved_by"]}

    def _preview(self, context: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = context["ti"].xcom_pull(task_ids=PREVIEW)
        return found

    def _earlier(self, context: Any) -> list[str]:
        answer = context["ti"].xcom_pull(task_ids=self.earlier) if self.earlier is not None else None
        return [answer["approved_by"]] if answer else []


WAITS_FOR = timedelta(hours=4)
"""How long an answer is waited for: less than any plan is valid."""
