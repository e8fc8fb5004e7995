import json

from django.db import models


class VectorField(models.Field):
    """pgvector's type, as a list of numbers."""

    def __init__(self, dimensions, **options):
        self.dimensions = dimensions
        super().__init__(**options)

    def deconstruct(self):
        name, path, args, options = super().deconstruct()
        return name, path, [self.dimensions, *args], options

    def db_type(self, connection):
        return f"vector({self.dimensions})"

    def get_prep_value(self, value):
        return value if value is None else json.dumps(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else json.loads(value)


class Publication(models.Model):
    title = models.CharField(max_length=300)
    embedding = VectorField(3)
