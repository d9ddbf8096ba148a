"""The only part that knows Airflow: connections to stores, task functions, callbacks."""
