"""scores"""

from alembic import op
import sqlalchemy as sa

revision = "9c01b7e3d522"
down_revision = "4f2a81d60c11"


def upgrade():
    with op.batch_alter_table("assessment") as table:
        table.add_column(sa.Column("score", sa.Integer))


def downgrade():
    with op.batch_alter_table("assessment") as table:
        table.drop_column("score")
