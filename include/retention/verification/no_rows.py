"""The expectation that a query finds nothing. Importing Great Expectations takes seconds: import this inside functions only."""

from __future__ import annotations

from typing import Any

from great_expectations.core.id_dict import IDDict
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.validator import ValidationDependencies

_COUNT = "unexpected_rows_query.row_count"


class ExpectNoRows(UnexpectedRowsExpectation):
    """Great Expectations' own, which counts a query's rows and then fetches them, without the fetching.

    What it needs is said at once: worked out from its configuration, as Great Expectations does, it takes as long as the query.
    """

    metric_dependencies = (_COUNT,)

    def get_validation_dependencies(self, *_: Any, **__: Any) -> ValidationDependencies:
        query = {"unexpected_rows_query": self.unexpected_rows_query}
        count = MetricConfiguration(_COUNT, IDDict(batch_id=self.batch_id), IDDict(query))
        return ValidationDependencies({_COUNT: count}, {"result_format": "BOOLEAN_ONLY"})

    def _validate(self, metrics: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
        return {"success": metrics[_COUNT] == 0}
