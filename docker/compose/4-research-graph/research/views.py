from django.contrib.postgres.search import TrigramWordSimilarity
from django.core.cache import cache
from django.db.models.expressions import RawSQL
from django.http import JsonResponse
from django.urls import path

from .models import Publication


def titles(rows):
    return JsonResponse([row.title for row in rows], safe=False)


def index(request):
    """All of them, from Redis for a minute."""
    found = cache.get_or_set("titles", lambda: list(Publication.objects.order_by("id")), 60)
    return titles(found)


def search(request):
    """The most similar title first; misspelt words are found, too."""
    similarity = TrigramWordSimilarity(request.GET["q"], "title")
    return titles(Publication.objects.annotate(score=similarity).filter(score__gt=0.3).order_by("-score"))


def near(request, pk):
    """The others, by the distance of their embeddings."""
    distance = RawSQL("embedding <-> (select embedding from research_publication where id = %s)", [pk])
    return titles(Publication.objects.exclude(pk=pk).order_by(distance))


urlpatterns = [path("", index), path("search", search), path("near/<int:pk>", near)]
