#!/usr/bin/python3
"""Random apps of Django with squashed migrations: what `migrate` has left to do, against migrated=django@DIR.

usage: django_histories.py PGBOX FOLDER CASES [SEED]
"""
import itertools
import os
import random
import shutil
import subprocess
import sys

import django
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

pgbox, folder, cases = sys.argv[1], os.path.abspath(sys.argv[2]), int(sys.argv[3])
seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(1 << 32)
print(f"seed {seed}")
r = random.Random(seed)

os.makedirs(folder)
sys.path.insert(0, folder)
sys.dont_write_bytecode = True
db = f"{folder}/app.db"
settings.configure(INSTALLED_APPS=[], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": db}})
django.setup()


def q(text):
    return r.choice(['"%s"', "'%s'"]) % text


def pairs(keys):
    inside = r.choice([", ", ",\n        "]).join(f"({q(a)}, {q(n)})" for a, n in keys)
    return r.choice(["[%s]", "[%s,]", "(%s,)", "[\n        %s,\n    ]  # squashed"]) % inside


def write(package, label, name, before, replaces):
    lines = [f"    dependencies = {pairs([(label, before)])}\n" if before else "    dependencies = []\n",
             "    operations = []\n"]
    if replaces:
        lines.append(f"    replaces{r.choice(['', ': list'])} = {pairs([(label, n) for n in replaces])}\n")
    elif r.random() < 0.2:
        lines.append("    replaces = []\n")
    r.shuffle(lines)
    with open(f"{package}/{name}.py", "w") as f:
        f.write("from django.db import migrations\n\n\n# replaces = [('x', 'y')]\n"
                f"class Migration({r.choice(['migrations.Migration', 'migrations.Migration,'])}):\n")
        f.write("".join(lines))


def make_app(home, app, n):
    """An app in a folder of its own: its label, and all that a row may be about."""
    label = app if r.random() < 0.6 else f"label_{app}"
    package = f"{home}/{app}/migrations"
    os.makedirs(package)
    for path in (f"{home}/{app}/__init__.py", f"{package}/__init__.py"):
        open(path, "w").close()
    with open(f"{home}/{app}/apps.py", "w") as f:
        f.write("from django.apps import AppConfig\n\n\nclass AConfig(AppConfig):\n"
                f"    name = {q(f'case{n}.{app}')}\n")
        if label != app:
            f.write(f"    label = {q(label)}\n")
    names = ["%04d_step" % (i + 1) for i in range(r.randrange(1, 7))]
    first = r.randrange(len(names))
    last = r.randrange(first, len(names)) + 1
    squashed = f"{names[first]}_squashed_{names[last - 1]}"
    squash, gone, final = r.random() < 0.7, r.random() < 0.3, r.random() < 0.3
    before = None
    for i, name in enumerate(names):
        if not (squash and (gone or final) and first <= i < last):
            write(package, label, name, before, [])
        before = squashed if squash and (gone or final) and first <= i < last else name
    if squash:
        write(package, label, squashed, names[first - 1] if first else None,
              [] if final else names[first:last])
    return label, names, squashed if squash else None, bool(squash and gone and not final)


def left_to_do():
    """None: Django refuses to migrate."""
    try:
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        return [str(m) for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    except (NodeNotFoundError, InconsistentMigrationHistory):
        return None


def ours(home):
    done = subprocess.run([pgbox, "waitdb", "--once", f"sqlite:{db}", "--for", f"migrated=django@{home}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout.rstrip()


def look(n, home, whole):
    """One state of the database; whether it was complete. Where rows or files have gaps, Django may overlook what is
    missing, and so only that pgbox passes nothing that Django would not."""
    left, (status, words) = left_to_do(), ours(home)
    connection.close()
    here = f"seed {seed}, case {n}, its files are in {home}: django has {left} left to do, pgbox exits {status}: {words}"
    if status == 0 and (left or left is None):
        sys.exit(here)
    if whole and (status != (1 if left or left is None else 0) or (left and f": {len(left)} of " not in words)):
        sys.exit(here)
    return status == 0


def one_case(n):
    home = f"{folder}/case{n}"
    os.makedirs(home)
    open(f"{home}/__init__.py", "w").close()
    made = [make_app(home, app, n) for app in r.sample(["shop", "mail", "users"], r.randrange(1, 4))]
    apps.set_installed_apps([f"case{n}.{app}" for app in sorted(os.listdir(home)) if not app.startswith("__")])
    seen = []
    for _ in range(5):
        if os.path.exists(db):
            os.unlink(db)
        holes = r.random() < 0.2
        record(made, holes)
        seen.append(look(n, home, not holes and not any(gone for *_, gone in made)))
    apps.unset_installed_apps()
    shutil.rmtree(home)
    return seen


def record(made, holes):
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    with transaction.atomic():
        for label, names, squashed, _ in made:
            done = names[:r.choice([len(names)] * 3 + [r.randrange(len(names) + 1)])]
            for name in done:
                if not holes or r.random() < 0.9:
                    recorder.record_applied(label, name)
            # A squashed migration is recorded when all that it replaces is.
            if squashed and squashed.split("_squashed_")[1] in done and r.random() < 0.7:
                recorder.record_applied(label, squashed)
    connection.close()


answers = list(itertools.chain.from_iterable(one_case(n) for n in range(cases)))
print(f"{len(answers)} states, {sum(answers)} of them complete")
if not 0 < sum(answers) < len(answers):
    sys.exit("all states were of one kind: nothing was compared")
