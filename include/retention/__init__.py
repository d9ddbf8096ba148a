"""Retention: delete personal data when the privacy policy says so, and prove that it happened.

The folders are the layers (see README, "The house"): `policy` knows no store, `stores` know no rule,
`verification` knows neither disposal nor stores, and only `orchestration` knows Airflow.
"""
