"""Assessments and their scores, in whichever database DATABASE_URL names."""

import os

from flask import Flask, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SECRET_KEY"] = os.environ["SECRET_KEY"]
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
# A restore ends the sessions of the old database: a pooled connection is looked at before it is used.
app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True}

db = SQLAlchemy(app)
Migrate(app, db)


class Assessment(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(200), nullable=False)
    score = db.Column(db.Integer)


@app.get("/")
def index():
    rows = db.session.scalars(db.select(Assessment).order_by(Assessment.id))
    return [{"title": row.title, "score": row.score} for row in rows]


@app.post("/")
def add():
    row = Assessment(title=request.json["title"], score=request.json.get("score"))
    db.session.add(row)
    db.session.commit()
    return {"id": row.id}, 201
