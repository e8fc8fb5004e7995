#!/usr/bin/python3
"""Random histories of Alembic: what `alembic upgrade heads` has left to do, against migrated=alembic@DIR.

usage: alembic_histories.py PGBOX FOLDER CASES [SEED]
"""
import itertools
import os
import random
import shutil
import sqlite3
import subprocess
import sys

from alembic import command, util
from alembic.config import Config
from alembic.script import ScriptDirectory

pgbox, folder, cases = sys.argv[1], sys.argv[2], int(sys.argv[3])
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
print(f"seed {seed}")
r = random.Random(seed)

ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def quoted(text):
    return r.choice(['"%s"', "'%s'", '"""%s"""', "r'%s'", "('%s')"]) % text


def names(values):
    """A literal of one or several texts, in one of the ways that people write them."""
    if not values:
        return r.choice(["None", "None  # the first", "()"])
    if len(values) == 1 and r.random() < 0.7:
        return quoted(values[0])
    texts = [quoted(v) for v in values]
    comma = "," if len(texts) == 1 or r.random() < 0.5 else ""
    inside = r.choice([", ", ",\n    ", ",  # and\n    "]).join(texts) + comma
    return r.choice(["(%s)", "(\n    %s\n)", "[%s]"]) % inside


def assignment(name, value):
    note = r.choice(["", "", ": str", ": Union[str, Sequence[str], None]"])
    return f"{name}{note} = {value}\n"


def write(versions, revision, down, depends, labels):
    """A revision file; what its comments and functions say is no business of ours."""
    lines = [
        assignment("revision", quoted(revision)),
        assignment("down_revision", names(down)),
        assignment("branch_labels", names(labels)),
    ]
    if depends or r.random() < 0.5:
        lines.append(assignment("depends_on", names(depends)))
    r.shuffle(lines)
    with open(f"{versions}/{revision}_x.py", "w") as f:
        f.write(f'"""a step\n\nRevision ID: {revision}\nRevises: {", ".join(down)}\nrevision = "wrong"\n"""\n')
        f.write("from typing import Sequence, Union\n# down_revision = 'wrong'\n")
        f.write("".join(lines))
        f.write("\ndef upgrade():\n    down_revision = 'wrong'\n\n\ndef downgrade():\n    revision = None\n")


def make(versions):
    """Writes a history; the ids of its revisions."""
    above, labels, parents = {}, {}, []
    for i in range(r.randrange(1, 14)):
        revision = "%012x" % r.getrandbits(48)
        down = r.sample(parents, min(len(parents), r.choice([0, 1, 1, 1, 1, 2, 3]))) if parents else []
        # No parent may be another's ancestor: Alembic has no such merges.
        down = [d for d in down if not any(d in above[o] for o in down if o != d)]
        reached = set(down).union(*(above[d] for d in down))
        others = [p for p in parents if p not in reached]
        depends = r.sample(others, 1) if others and r.random() < 0.2 else []
        own = [f"label{i}"] if not down and r.random() < 0.5 else []
        by_name = [labels.get(d, d) if r.random() < 0.5 else d for d in depends]
        write(versions, revision, down, by_name, own)
        if own:
            labels[revision] = own[0]
        above[revision] = reached.union(depends, *(above[d] for d in depends))
        parents.append(revision)
    return parents


def left_to_do(script, at):
    try:
        return [step.revision.revision for step in script._upgrade_revs("heads", at)]
    except util.CommandError:
        return ["?"]


def current(db):
    with sqlite3.connect(db) as c:
        c.execute("create table if not exists alembic_version (version_num varchar(32) not null)")
        return tuple(sorted(row[0] for row in c.execute("select version_num from alembic_version")))


def ours(db, home):
    done = subprocess.run([pgbox, "waitdb", "--once", f"sqlite:{db}", "--for", f"migrated=alembic@{home}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def fail(number, words):
    sys.exit(f"seed {seed}, case {number}: {words}; its files are in {folder}/{number}")


def look(number, script, db, home):
    """One state of the database; whether it was complete."""
    at = current(db)
    left, (status, words) = left_to_do(script, at), ours(db, home)
    heads = sorted(script.revision_map._real_heads)
    if status != (1 if left else 0):
        fail(number, f"alembic has {left} left to do at {at}, pgbox exits {status}: {words}")
    want = "want " + ", ".join(heads[:3]) + (", ..." if len(heads) > 3 else "")
    if status and not words.rstrip().endswith(want):
        fail(number, f"alembic's heads are {heads}, pgbox says {words}")
    return not left


def move(how, config, target):
    """Alembic cannot do each step of each history: then nothing has changed."""
    try:
        how(config, target)
    except (util.CommandError, AssertionError, KeyError):
        pass


def one_case(number):
    home = f"{folder}/{number}"
    os.makedirs(f"{home}/versions")
    with open(f"{home}/env.py", "w") as f:
        f.write(ENV)
    revisions = make(f"{home}/versions")
    config = Config()
    config.set_main_option("script_location", home)
    db = f"{home}/app.db"
    config.set_main_option("sqlalchemy.url", f"sqlite:///{db}")
    script = ScriptDirectory.from_config(config)
    seen = []
    for target in r.sample(revisions, min(2, len(revisions))) + ["heads"]:
        move(command.upgrade, config, target)
        seen.append(look(number, script, db, home))
    move(command.downgrade, config, r.choice(revisions))
    seen.append(look(number, script, db, home))
    shutil.rmtree(home)
    return seen


answers = list(itertools.chain.from_iterable(one_case(n) for n in range(cases)))
print(f"{len(answers)} states, {sum(answers)} of them complete")
if not 0 < sum(answers) < len(answers):
    sys.exit("all states were of one kind: nothing was compared")
