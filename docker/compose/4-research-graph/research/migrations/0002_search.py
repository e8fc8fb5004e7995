from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("research", "0001_publications")]
    operations = [
        migrations.RunSQL(
            "create index publication_title on research_publication using gin (title gin_trgm_ops)",
            "drop index publication_title",
        ),
        migrations.RunSQL(
            "create index publication_embedding on research_publication using hnsw (embedding vector_l2_ops)",
            "drop index publication_embedding",
        ),
    ]
