"""The runs of a watershed model: POST watershed=NAME makes one, GET counts them."""
import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)


def database():
    return psycopg.connect("")  # from PGHOST, PGUSER, PGPASSWORD, PGDATABASE


@app.get("/")
def count():
    with database() as db:
        return jsonify(runs=db.execute("select count(*) from runs").fetchone()[0])


@app.post("/")
def make():
    with database() as db:
        row = db.execute("insert into runs (watershed) values (%s) returning id", [request.form["watershed"]])
        return jsonify(id=row.fetchone()[0]), 201
