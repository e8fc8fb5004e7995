#!/usr/bin/env python3
"""What a healthcheck costs: healthz beside pg_isready and psql, start to exit, in turns; exits 1 when a bar is missed.

PAIRS: rounds of each series; SOAK=1: more. PGBOX and PG_BIN are the programs.
"""
import os
import re
import statistics
import subprocess
import tempfile
import time

from common import ENVIRONMENT, PG_BIN, PGBOX, Server, elapsed, load, report, verdict

PAIRS = int(os.environ.get("PAIRS") or (400 if os.environ.get("SOAK") else 200))
SERIES = 3


def round_of(programs):
    """Milliseconds of each, one behind the other."""
    return [elapsed(*words) for words in programs]


def calmest(programs):
    """Medians of each program in the series in which the second, pg_isready, was fastest: other programs on the machine
    add the same to all, so that series has the least of them."""
    series = []
    for _ in range(SERIES):
        rounds = [round_of(programs) for _ in range(PAIRS)]
        series.append([statistics.median(times) for times in zip(*rounds)])
    return min(series, key=lambda medians: medians[1])


def beside(name, url, *where):
    login = ["-U", "postgres", "-d", "postgres", *where]
    ours, isready, psql = calmest([
        (PGBOX, "healthz", "--url", url, "ready"),
        (f"{PG_BIN}/pg_isready", "-q", *login),
        (f"{PG_BIN}/psql", "-XqAt", *login, "-c", "select 1")])
    note = f"medians {ours:.2f} and {isready:.2f} ms, of psql -c 'select 1' {psql:.2f} ms, of {PAIRS} rounds"
    report(f"healthz ready to pg_isready, {name}", ours / isready, 0.5, "of its time", note)


def full_pipe():
    """Both ends of a pipe that takes no byte more."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    try:
        while True:
            os.write(into, bytes(4096))
    except BlockingIOError:
        os.set_blocking(into, True)
    return out, into


def memory(name, *words):
    """The kernel's peak of resident memory, program text included, at the end: when it cannot get rid of what it says."""
    out, into = full_pipe()
    with subprocess.Popen(words, env=ENVIRONMENT, stdout=into, stdin=subprocess.DEVNULL) as process:
        while process.poll() is None:
            with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
                if "pipe" in file.read():
                    break
            time.sleep(0.005)
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            peak = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        os.close(into)
        while os.read(out, 65536):
            pass
        os.close(out)
        if process.wait() != 0:
            raise SystemExit(f"{name} ended with {process.returncode}")
    report(f"peak memory, {name}", int(peak[1]) / 1024, 8, "MiB")


def main():
    print(f"# {load()}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pgbox-bench.") as folder:
        server = Server(folder)
        try:
            server.launch()
            server.says("ready to accept connections")
            beside("TCP", server.url(), "-h", "127.0.0.1", "-p", str(server.port))
            beside("socket", server.socket_url(), "-h", folder, "-p", str(server.port))
            memory("healthz ready", PGBOX, "healthz", "--url", server.url(), "ready")
            memory("healthz --json, of a server and two paths", PGBOX, "healthz", "--json", "--url", server.url(), "ready", "lag",
                   "connections", "query=select 1", "disk=" + folder, "file=" + folder)
        finally:
            server.stop()
    verdict()


main()
