#!/usr/bin/env python3
"""What pgbackup costs beside the programs it stands in for; exits 1 when a bar is missed.

A private server holds a database of BENCH_MB MiB (1024) of COPY text, see rows.py. Each of ROUNDS
(3) rounds backs it up once in every way, one after the other, each into a fresh folder of one disk
(TMPDIR says which) that has nothing left to write from before; the medians of the rounds are
compared. pgbackup's time is that of the whole command: dump, roles, reading back, sha256, fsync.
The others are pg_dump of the same binary: it flushes what it writes itself to the disk, as always,
gzip does not. The bar for -Fd is pg_dump's own default, which compresses with gzip; the ratio to the
same compression is a figure without a bar.

Memory: in a run of its own, every 50 ms, VmHWM (the kernel's peak of resident memory, program text
and pages shared with the parent included) of pgbackup and all its descendants. The bar counts the
processes that are pgbackup, the most at one moment: the first one, and forks of it whose messages
go where its own go. The engine's are the others: pgbackup reads what they say through a pipe.

PGBOX and PG_BIN are the programs; PG_BIN defaults to Debian's newest.
"""
import contextlib
import glob
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from common import ENVIRONMENT, PG_BIN, PGBOX, Server, load, report, verdict
from rows import fill

MEGABYTES = int(os.environ.get("BENCH_MB") or 1024)
ROUNDS = int(os.environ.get("ROUNDS") or 3)
POLL = 0.05
IDLE = 10
MIB = 1048576
CONF = "wal_level = minimal\nmax_wal_senders = 0\nmax_wal_size = '4GB'\nautovacuum = off\n"


# --- the ways to back up: each takes a folder and gives the path of what it made ---

class Ways:
    """Ways to back up a database; messages is a file for what they say."""

    def __init__(self, url, messages):
        self.url, self.messages = url, messages

    @contextlib.contextmanager
    def start(self, *words, **more):
        """A program that has ended, one way or the other, behind the with."""
        process = subprocess.Popen([PGBOX, *words], stdin=subprocess.DEVNULL, stderr=self.messages, **more)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()

    def fail(self, words):
        self.messages.seek(0)
        sys.exit(f"{words}:\n{self.messages.read()}")

    def check(self, process, name):
        if process.wait() != 0:
            self.fail(f"{name} ended with {process.returncode}")

    def start_pgbackup(self, folder, *words, **variables):
        return self.start("pgbackup", *words, stdout=subprocess.DEVNULL,
                          env={**ENVIRONMENT, "DATABASE_URL": self.url, "BACKUP_DIR": folder, **variables})

    def pgbackup(self, *options):
        def way(folder):
            with self.start_pgbackup(folder, "run", *options) as process:
                self.check(process, "pgbackup run")
            return archive_in(folder)
        return way

    def pg_dump(self, *options):
        def way(folder):
            with self.start("pg_dump", *options, "-f", folder + "/dump", self.url, env=ENVIRONMENT) as process:
                self.check(process, "pg_dump")
            return folder + "/dump"
        return way

    def gzip(self, folder):
        with (open(folder + "/dump.sql.gz", "wb") as file,
              self.start("pg_dump", "-Fp", self.url, env=ENVIRONMENT, stdout=subprocess.PIPE) as dump,
              subprocess.Popen(["gzip"], stdin=dump.stdout, stdout=file, env=ENVIRONMENT) as gzip):
            dump.stdout.close()
            self.check(dump, "pg_dump")
            self.check(gzip, "gzip")
        return file.name


def manifests(folder):
    return glob.glob(glob.escape(folder) + "/shop/*.json")


def archive_in(folder):
    """The one backup that pgbackup left there; it must have its sums beside it."""
    names = [name.removesuffix(".json") for name in manifests(folder)]
    if len(names) != 1 or not os.path.exists(names[0] + ".sha256"):
        sys.exit(f"pgbackup left {names or 'nothing'} instead of one backup")
    return names[0]


# --- time and size ---

def size_of(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(path, name)) for name in os.listdir(path))


def measure(way, folder):
    """Seconds, and bytes of what it made."""
    os.mkdir(folder)
    os.sync()
    began = time.monotonic()
    made = way(folder)
    seconds = time.monotonic() - began
    size = size_of(made)
    shutil.rmtree(folder)
    return seconds, size


def race(ways, folder):
    """Runs all ways in turns. Of each, by name: the median of its seconds, and its bytes."""
    results = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            results[name].append(measure(way, folder + "/out"))
    medians = {}
    for name, series in results.items():
        times, sizes = zip(*series)
        medians[name] = statistics.median(times), sizes[0]
        print(f"# {name}: {min(times):.2f} {statistics.median(times):.2f} {max(times):.2f} s (min, median, max), "
              f"{sizes[0] / MIB:.1f} MiB", flush=True)
    return medians


def compare(medians, ours, theirs, bar):
    a, b = medians[ours][0], medians[theirs][0]
    report(f"{ours} to {theirs}", a / b, bar, "of its time", f"medians {a:.2f} and {b:.2f} s of {ROUNDS}")


def times_and_sizes(ways, folder):
    ours, stock, gzip = "pgbackup run", "pg_dump -Fc -Z zstd:3", "pg_dump | gzip"
    our_folder, stock_folder = "pgbackup run --format directory --jobs 2", "pg_dump -Fd -j 2"
    same_folder = "pg_dump -Fd -j 2 -Z zstd:3"
    measure(ways.pg_dump("-Fc", "-Z", "zstd:3"), folder + "/warm")
    medians = race({
        ours: ways.pgbackup(),
        stock: ways.pg_dump("-Fc", "-Z", "zstd:3"),
        gzip: ways.gzip,
        our_folder: ways.pgbackup("--format", "directory", "--jobs", "2"),
        stock_folder: ways.pg_dump("-Fd", "-j", "2"),
        same_folder: ways.pg_dump("-Fd", "-j", "2", "-Z", "zstd:3"),
    }, folder)
    compare(medians, ours, stock, 1.25)
    compare(medians, ours, gzip, 0.75)
    a, b = medians[ours][1], medians[gzip][1]
    report(f"{ours} to {gzip}", a / b, 1, "of its size", f"{a / MIB:.1f} and {b / MIB:.1f} MiB")
    compare(medians, our_folder, stock_folder, 1.25)
    print(f"# {our_folder} to {same_folder}: {medians[our_folder][0] / medians[same_folder][0]:.3f} of its time", flush=True)


# --- memory ---

def tree(pid):
    """The process and its descendants."""
    found = [pid]
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            for child in file.read().split():
                found += tree(int(child))
    return found


def numbers(pid, file):
    """The lines `Name: 123` of /proc/PID/FILE; of a process that has ended: none."""
    fields = {}
    with contextlib.suppress(OSError), open(f"/proc/{pid}/{file}", encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[1].isdigit():
                fields[words[0].rstrip(":")] = int(words[1])
    return fields


def messages_of(pid):
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/fd/2")
    return ""


class Memory:
    """Peaks of a process and its descendants; all in KiB."""

    def __init__(self, top):
        self.top, self.says = top, messages_of(top)
        self.ours, self.engine = {}, {}  # VmHWM and the highest Pss by pid
        self.own = 0                     # the sum of VmHWM of those that are ours at one moment, at most
        self.all = 0                     # the sum of Pss of everybody at one moment, at most

    def look(self):
        own = everybody = 0
        for pid in tree(self.top):
            peak, pss = numbers(pid, "status").get("VmHWM"), numbers(pid, "smaps_rollup").get("Pss", 0)
            if peak is None:
                continue
            is_ours = pid == self.top or messages_of(pid) == self.says
            kind = self.ours if is_ours else self.engine
            kind[pid] = peak, max(pss, kind.get(pid, (0, 0))[1])
            own += peak if is_ours else 0
            everybody += pss
        self.own, self.all = max(self.own, own), max(self.all, everybody)

    def tell(self, name):
        for who, peaks in ("pgbackup", self.ours), ("engine", self.engine):
            each = "; ".join(f"{peak / 1024:.1f} ({pss / 1024:.1f})" for peak, pss in peaks.values())
            print(f"# {name}, processes of {who}, VmHWM (Pss) in MiB: {each or 'none'}", flush=True)
        print(f"# {name}, all processes at one moment: {self.all / 1024:.1f} MiB Pss", flush=True)


def peak_memory(ways, folder, *options):
    out = folder + "/out"
    with ways.start_pgbackup(out, "run", *options) as process:
        memory = Memory(process.pid)
        while process.poll() is None:
            memory.look()
            time.sleep(POLL)
        ways.check(process, "pgbackup run")
    shutil.rmtree(out)
    name = " ".join(("pgbackup run", *options))
    memory.tell(name)
    report(f"{name}, peak memory of its own", memory.own / 1024, 24, "MiB")


# --- the daemon between two runs ---

def ticks(pid):
    """utime and stime, proc(5)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def comes_to_rest(process, folder, seconds=600):
    """Waits until the first backup is there, no child is left, and a second has passed without CPU."""
    end, calm, last = time.monotonic() + seconds, time.monotonic(), None
    while time.monotonic() < end and process.poll() is None:
        now = ticks(process.pid)
        if now != last or not manifests(folder) or tree(process.pid) != [process.pid]:
            calm, last = time.monotonic(), now
        elif time.monotonic() - calm > 1:
            return True
        time.sleep(POLL)
    return False


def idle_daemon(ways, folder):
    out = folder + "/out"
    with ways.start_pgbackup(out, BACKUP_INTERVAL="24h") as process:
        if not comes_to_rest(process, out):
            ways.fail("pgbackup as a daemon does not come to rest")
        cpu, before = ticks(process.pid), numbers(process.pid, "status")
        time.sleep(IDLE)
        cpu, after = ticks(process.pid) - cpu, numbers(process.pid, "status")
        if process.poll() is not None:
            ways.fail("pgbackup as a daemon ended by itself")
    switches = after["voluntary_ctxt_switches"] - before["voluntary_ctxt_switches"]
    report("idle daemon after a run, resident", after["VmRSS"] / 1024, 8, "MiB",
           f"VmHWM of its run {after['VmHWM'] / 1024:.1f} MiB")
    report(f"idle daemon, CPU in {IDLE} s", cpu, 1, "ticks", f"{switches} voluntary context switches")
    shutil.rmtree(out)


def make_database(server):
    began = time.monotonic()
    text = fill(server, "shop", MEGABYTES)
    print(f"# {text / MIB:.0f} MiB of COPY text, a database of "
          f"{int(server.psql('select pg_database_size(current_database())', 'shop')) / MIB:.0f} MiB, "
          f"made in {time.monotonic() - began:.0f} s", flush=True)


def main():
    version = subprocess.run([f"{PG_BIN}/postgres", "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
    print(f"# {version.strip()}, {ROUNDS} rounds, {load()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgbox-bench.") as folder:
        server = Server(folder, CONF)
        try:
            server.launch()
            server.says("ready to accept connections")
            make_database(server)
            with open(folder + "/messages", "w+", encoding="utf-8") as messages:
                ways = Ways(server.url("shop"), messages)
                times_and_sizes(ways, folder)
                peak_memory(ways, folder)
                peak_memory(ways, folder, "--format", "directory", "--jobs", "2")
                idle_daemon(ways, folder)
        finally:
            server.stop()
    print(f"# at the end: {load()}")
    verdict()


if __name__ == "__main__":
    main()
