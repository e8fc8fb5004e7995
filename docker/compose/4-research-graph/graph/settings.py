import os
from pathlib import Path


def secret(name):
    """What the file NAME_FILE holds; NAME itself is for what `envcheck --export` starts."""
    if name in os.environ:
        return os.environ[name]
    return Path(os.environ[name + "_FILE"]).read_text().removesuffix("\n")


SECRET_KEY = secret("SECRET_KEY")
DEBUG = os.environ["DJANGO_ENV"] != "production"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *filter(None, os.environ.get("ALLOWED_HOSTS", "").split(","))]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.postgres", "research"]
ROOT_URLCONF = "research.views"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ["POSTGRES_HOST"],
        "NAME": os.environ["POSTGRES_DB"],
        "USER": os.environ["POSTGRES_USER"],
        "PASSWORD": secret("POSTGRES_PASSWORD"),
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
