from django.conf import settings
from django.db import connection
from django.http import JsonResponse
from django.urls import path

LARGEST = """
select landlord, buildings, units, st_astext(st_centroid(area), 4)
from wow_portfolios order by units desc limit 20
"""


def portfolios(request):
    with connection.cursor() as cursor:
        cursor.execute(LARGEST)
        names = [column.name for column in cursor.description[:3]] + ["centre"]
        found = [dict(zip(names, row)) for row in cursor.fetchall()]
    return JsonResponse({"portfolios": found, "evictions": settings.OCA_S3_BUCKET})


urlpatterns = [path("", portfolios)]
