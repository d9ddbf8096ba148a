"""The pages inside the Airflow UI, without Airflow: who may do what, and where things lie, is handed in by the plugin.

Every route declares the right that it needs (`retention.access`), unknown addresses too, so that nobody learns anything without
a login. Nothing is asked of another host, and nothing here deletes.
"""

from retention.pages.app import create_app
from retention.pages.site import Site

__all__ = ["Site", "create_app"]
