import os

import dj_database_url

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = os.environ["DJANGO_ENV"] == "development"
# The health check asks 127.0.0.1.
ALLOWED_HOSTS = ["127.0.0.1", *filter(None, os.environ.get("ALLOWED_HOSTS", "").split(","))]
DATABASES = {"default": dj_database_url.config(conn_max_age=60)}
ROOT_URLCONF = "wow.urls"
WSGI_APPLICATION = "wow.wsgi.application"
USE_TZ = True
# envcheck has seen to it that there are all three, or none.
OCA_S3_BUCKET = os.environ.get("OCA_S3_BUCKET") or None
