"""Builds the tables of the site from the city's files: python dbtool.py builddb

It may run again at any time; what was there is built anew. It commits table by table, as a build of hours does: only
seedonce knows whether one that was interrupted got to its end.
"""
import csv
import os
import pathlib
import sys

import psycopg

DATA = pathlib.Path(os.environ.get("WOW_DATA", "data"))

TABLES = """
create extension if not exists postgis;
drop table if exists wow_portfolios, wow_registrations, wow_buildings;
create table wow_buildings (
    bbl text primary key, address text not null, units int not null, location geometry(point, 4326) not null
);
create table wow_registrations (bbl text not null references wow_buildings, landlord text not null);
create table wow_portfolios (
    landlord text primary key, buildings int not null, units int not null, area geometry not null
);
"""

PORTFOLIOS = """
insert into wow_portfolios
select landlord, count(*), sum(units), st_convexhull(st_collect(location))
from wow_registrations join wow_buildings using (bbl)
group by landlord
"""


def rows(name):
    with open(DATA / name, newline="") as file:
        yield from csv.DictReader(file)


def builddb(db):
    db.execute(TABLES)
    for row in rows("buildings.csv"):
        db.execute(
            "insert into wow_buildings values (%(bbl)s, %(address)s, %(units)s,"
            " st_point(%(lon)s::float, %(lat)s::float, 4326))",
            row,
        )
    for row in rows("registrations.csv"):
        db.execute("insert into wow_registrations values (%(bbl)s, %(landlord)s)", row)
    count = db.execute(PORTFOLIOS).rowcount
    print(f"dbtool: built {count} portfolios", flush=True)


def main():
    if sys.argv[1:] != ["builddb"]:
        sys.exit("usage: dbtool.py builddb")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as db:
        builddb(db)


if __name__ == "__main__":
    main()
