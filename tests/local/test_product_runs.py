"""In which order `make run` lets the scheduler run the product."""

from __future__ import annotations

from unittest.mock import Mock

import pytest

from retention.local import product_runs
from retention.local.airflow_api import AirflowApi


def test_the_backup_comes_before_the_verification_whose_report_would_miss_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(product_runs, "_until", lambda *_: True)
    monkeypatch.setattr(product_runs, "_start", lambda _, dag_id: begun.append(dag_id))
    monkeypatch.setattr(product_runs, "_finish", lambda *_: [])
    product_runs.run_once(Mock(AirflowApi))
    last = [product_runs.BACKUP, product_runs.VERIFICATION, product_runs.SIGNING]
    assert begun == [product_runs.PLANTING, *product_runs.DISPOSALS, *last]
