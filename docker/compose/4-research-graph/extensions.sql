-- Run by the image at the first boot, as superuser.
create extension vector;
create extension pg_trgm;
