"""How long an upload to S3 takes beside rclone, and how much memory.

A backup of a gigabyte that is in the folder already is uploaded by `pgbackup run` (which backs up one small
file besides), and by `rclone copy` with its defaults, in turns, to one server on this machine: moto, which
keeps objects in files. pgbackup compares each part's and the object's checksum. Medians are compared; the
memory is the peak of pgbackup's largest process.

    PGBOX=./pgbox python3 -B tests/bench/s3.py        BENCH_MB=1024 ROUNDS=3
"""
import glob
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from common import ENVIRONMENT, PGBOX, bound_socket, load, report, verdict

MEGABYTES = int(os.environ.get("BENCH_MB") or 1024)
ROUNDS = int(os.environ.get("ROUNDS") or 3)
PART_MIB = 16
BAR, MEMORY_BAR = 1.2, 2 * PART_MIB + 16
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


def program(name):
    """The folder of its programs (tools/s3-servers.sh)."""
    tool = f"{ROOT}/tools/s3-servers.sh"
    subprocess.run([tool, name], check=True)
    return subprocess.run([tool, "--bin", name], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def database(path, megabytes):
    db = sqlite3.connect(path)
    db.execute("create table t (a)")
    for _ in range(megabytes):
        db.execute("insert into t values (randomblob(1000000))")
    db.commit()
    db.close()


class Bucket:
    """A server with one bucket."""

    def __init__(self, folder):
        self.folder = folder
        probe, self.port = bound_socket()
        probe.close()
        self.url = f"http://127.0.0.1:{self.port}"
        self.moto = [program("moto") + "/python3", "-m", "moto.server"]

    def __enter__(self):
        with open(self.folder + "/moto.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*self.moto, "-H", "127.0.0.1", "-p", str(self.port)], stdout=log,
                                            stderr=log, env={**ENVIRONMENT, "TMPDIR": self.folder})
        end = time.time() + 30
        while True:
            try:
                urllib.request.urlopen(urllib.request.Request(self.url + "/bucket", method="PUT"))
                return self
            except OSError:
                if time.time() > end:
                    sys.exit("moto does not answer")
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def timed(words, environment):
    """Seconds, and the MiB of the largest process."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(words, env={**ENVIRONMENT, **environment}, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        out.seek(0)
        if status:
            sys.exit(f"{words[0]} failed:\n{out.read()}")
        return seconds, usage.ru_maxrss / 1024, out.read()


def owe(folder):
    """As if the last upload had failed."""
    with sqlite3.connect(folder + "/backups/.pgbox/journal.db") as db:
        db.execute("update files set remote = 'owed' where path like 'big%'")


def ours(folder):
    owe(folder)
    with Bucket(folder) as bucket:
        seconds, memory, words = timed([PGBOX, "pgbackup", "run", "sqlite:///" + folder + "/small.db"], {
            "BACKUP_DIR": folder + "/backups", "S3_ENDPOINT": bucket.url, "S3_BUCKET": "bucket", **KEYS})
    if not re.search("uploaded .*/big.db-", words):
        sys.exit(f"nothing was uploaded:\n{words}")
    return seconds, memory


def theirs(folder, rclone):
    (backup,) = glob.glob(folder + "/backups/big.db/*.db")
    with Bucket(folder) as bucket:
        remote = f":s3,provider=Other,access_key_id=key,secret_access_key=secret,endpoint='{bucket.url}':bucket"
        return timed([rclone + "/rclone", "copy", backup, remote], {"RCLONE_CONFIG": ""})[:2]


def measure(folder):
    rclone = program("rclone")
    database(folder + "/big.db", MEGABYTES)
    database(folder + "/small.db", 0)
    timed([PGBOX, "pgbackup", "run", "--compress", "none", "sqlite:///" + folder + "/big.db"],
          {"BACKUP_DIR": folder + "/backups"})
    os.unlink(folder + "/big.db")
    pairs = [(ours(folder), theirs(folder, rclone)) for _ in range(ROUNDS)]
    for name, i in ("pgbackup", 0), ("rclone copy", 1):
        seconds = [pair[i][0] for pair in pairs]
        print(f"# {name}: {min(seconds):.2f} {statistics.median(seconds):.2f} {max(seconds):.2f} s (min, median, max), "
              f"{max(pair[i][1] for pair in pairs):.0f} MiB", flush=True)
    report("upload to rclone copy", statistics.median(pair[0][0] for pair in pairs)
           / statistics.median(pair[1][0] for pair in pairs), BAR, "of its time",
           f"{MEGABYTES} MB, medians of {ROUNDS}")
    report("memory of an upload", max(pair[0][1] for pair in pairs), MEMORY_BAR, "MiB")


def main():
    print(f"# {ROUNDS} rounds, {load()}", flush=True)
    folder = tempfile.mkdtemp(prefix="pgbox-bench.")
    try:
        measure(folder)
    finally:
        shutil.rmtree(folder)
    print(f"# at the end: {load()}")
    verdict()


if __name__ == "__main__":
    main()
