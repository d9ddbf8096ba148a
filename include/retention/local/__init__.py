"""The embedded servers and Airflow on one machine, for `make run` and the tests."""
