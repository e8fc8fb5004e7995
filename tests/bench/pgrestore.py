"""How long pgrestore takes beside the engine's own pg_restore, both with two jobs.

A directory backup that pgbackup made of the shop's database (rows.py) is put back by
`pgrestore --replace --drop-old --jobs 2`: its sha256 and every block are checked, it is restored beside,
its tables are counted, the new database is swapped in and the old one dropped. The rival is
`pg_restore -j 2` into an empty database that was made before. Neither analyzes. The two run in turns;
medians are compared.

    PGBOX=./pgbox python3 -B tests/bench/pgrestore.py        BENCH_MB=1024 ROUNDS=3
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import rows
from common import ENVIRONMENT, PG_BIN, PGBOX, Server, load, report, verdict

MEGABYTES = int(os.environ.get("BENCH_MB") or 1024)
ROUNDS = int(os.environ.get("ROUNDS") or 3)
CONF = "shared_buffers = '256MB'\nmax_wal_size = '8GB'\nautovacuum = off\n"
BAR = 1.15


def run(*words, **environment):
    """Runs pgbox; the seconds that it took. Its words are shown when it fails."""
    began = time.monotonic()
    done = subprocess.run([PGBOX, *words], env={**ENVIRONMENT, **environment}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words[:2])} failed with {done.returncode}:\n{done.stdout}")
    return time.monotonic() - began


def race(server, folder):
    """The seconds of both, in turns."""
    ours, theirs = [], []
    archive = os.path.realpath(f"{folder}/shop/latest")
    for _ in range(ROUNDS):
        ours.append(run("pgrestore", "latest", "--replace", "--drop-old", "--jobs", "2", "--analyze", "no",
                        BACKUP_DIR=folder, DATABASE_URL=server.url("shop")))
        server.psql("create database rival template template0")
        theirs.append(run("pg_restore", "-j", "2", "--exit-on-error", "-d", server.url("rival"), archive))
        server.psql("drop database rival")
    return ours, theirs


def spread(name, seconds):
    print(f"# {name}: {min(seconds):.2f} {statistics.median(seconds):.2f} {max(seconds):.2f} s (min, median, max)",
          flush=True)


def measure(server, folder):
    rows.fill(server, "shop", MEGABYTES)
    run("pgbackup", "run", "--format", "directory", "--jobs", "2", BACKUP_DIR=folder + "/backups",
        DATABASE_URL=server.url("shop"))
    ours, theirs = race(server, folder + "/backups")
    spread("pgrestore --replace --jobs 2", ours)
    spread("pg_restore -j 2", theirs)
    report("pgrestore --replace --jobs 2 to pg_restore -j 2", statistics.median(ours) / statistics.median(theirs),
           BAR, "of its time", f"{MEGABYTES} MiB, medians of {ROUNDS}")


def main():
    version = subprocess.run([f"{PG_BIN}/postgres", "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    print(f"# {version.strip()}, {ROUNDS} rounds, {load()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgbox-bench.") as folder:
        server = Server(folder, CONF)
        try:
            server.launch()
            server.says("ready to accept connections")
            measure(server, folder)
        finally:
            server.stop()
    print(f"# at the end: {load()}")
    verdict()


if __name__ == "__main__":
    main()
