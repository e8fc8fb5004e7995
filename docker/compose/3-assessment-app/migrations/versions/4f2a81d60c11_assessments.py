"""assessments"""

from alembic import op
import sqlalchemy as sa

revision = "4f2a81d60c11"
down_revision = None


def upgrade():
    op.create_table(
        "assessment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
    )


def downgrade():
    op.drop_table("assessment")
