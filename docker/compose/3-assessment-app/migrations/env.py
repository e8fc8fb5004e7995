import logging

from alembic import context
from flask import current_app

# Each migration that runs is a line in the container's log.
logging.basicConfig(format="migrate: %(message)s")
logging.getLogger("alembic.runtime.migration").setLevel(logging.INFO)

db = current_app.extensions["migrate"].db

with db.engine.connect() as connection:
    # SQLite cannot alter much of a table in place: there, alembic makes it anew.
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
