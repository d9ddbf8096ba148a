"""`python -m retention …`: the same steps without Airflow. Names, exit codes and JSON fields are a public interface."""

from retention.cli.app import app

__all__ = ["app"]
