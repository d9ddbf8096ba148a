"""Alembic's entry: runs the numbered migrations on the connection that `retention.database.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="schema_version", version_table_schema="retention")
with context.begin_transaction():
    context.run_migrations()
