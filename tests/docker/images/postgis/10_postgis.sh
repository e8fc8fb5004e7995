#!/bin/bash
set -eu
export PGUSER=$POSTGRES_USER
psql -q -d postgres -c 'create database template_postgis is_template true'
for db in template_postgis "$POSTGRES_DB"; do
	for extension in postgis postgis_topology fuzzystrmatch postgis_tiger_geocoder; do
		psql -q -v ON_ERROR_STOP=1 -d "$db" -c "create extension if not exists $extension"
	done
done
