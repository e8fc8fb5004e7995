#!/usr/bin/env python3
"""What a healthcheck costs: healthz beside pg_isready and psql, start to exit, in turns; exits 1 when a bar is missed.

ROUNDS: how often; SOAK=1: more. PGBOX and PG_BIN are the programs.
"""
import os
import re
import statistics
import subprocess
import tempfile
import time

from common import ENVIRONMENT, PG_BIN, PGBOX, Server, elapsed, finish, load, report, start, verdict

ROUNDS = int(os.environ.get("ROUNDS") or (1000 if os.environ.get("SOAK") else 400))


def beside(name, url, *where):
    """The lowest tenth of each program's times decides: other programs on the machine only ever add to them."""
    login = ["-U", "postgres", "-d", "postgres", *where]
    programs = [(PGBOX, "healthz", "--url", url, "ready"),
                (f"{PG_BIN}/pg_isready", "-q", *login),
                (f"{PG_BIN}/psql", "-XqAt", *login, "-c", "select 1")]
    rounds = [[elapsed(*words) for words in programs] for _ in range(ROUNDS)]
    ours, isready, psql = ([round(value, 2) for value in (statistics.quantiles(times, n=10)[0], statistics.median(times))]
                           for times in zip(*rounds))
    note = f"lowest tenth {ours[0]} and {isready[0]} ms, psql -c 'select 1' {psql[0]}; medians {ours[1]}, {isready[1]}, {psql[1]}"
    report(f"healthz ready to pg_isready, {name}", ours[0] / isready[0], 0.5, "of its time", note)


def own_cpu(url):
    """CPU milliseconds of a check, its processes included, as getrusage counts them."""
    used = [finish(start(PGBOX, "healthz", "--url", url, "ready"))[1] * 1000 for _ in range(200)]
    report("healthz ready, median of its own CPU", statistics.median(used), 3, "ms", f"{min(used):.2f} to {max(used):.2f}")


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
            own_cpu(server.url())
            memory("healthz ready", PGBOX, "healthz", "--url", server.url(), "ready")
            memory("healthz --json, of a server and two paths", PGBOX, "healthz", "--json", "--url", server.url(), "ready", "lag",
                   "connections", "query=select 1", "disk=" + folder, "file=" + folder)
        finally:
            server.stop()
    verdict()


main()
