"""What the benchmarks share: which programs, a private server, a verdict for each bar."""
import glob
import os
import re
import signal
import socket
import subprocess
import sys
import time

PGBOX = os.path.abspath(os.environ.get("PGBOX") or "pgbox")
PG_BIN = os.environ.get("PG_BIN") or sorted(
    glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: float(path.split("/")[-2]))[-1]
UNPRIVILEGED = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
ENVIRONMENT = {k: v for k, v in os.environ.items()
               if not re.match("(PG|POSTGRES_|DATABASE_URL|WAITDB_|HEALTHZ_|BACKUP_|S3_|AWS_|SCHEDULE|CRON_)", k)}

missed = []

# So that what cleans up does so for a timeout too.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def report(name, value, bar, unit, note=""):
    """One line: the value beside the bar that it may not exceed."""
    fine = value <= bar
    digits = {"ms": 1, "MiB": 1, "ticks": 0}.get(unit, 3)
    if not fine:
        missed.append(name)
    print(f"{'ok' if fine else 'MISSED'}  {name}: {value:.{digits}f} {unit}, bar {bar:g}"
          f"{'  (' + note + ')' if note else ''}", flush=True)


def verdict():
    """Ends the program: 1 when a bar was missed."""
    sys.exit(1 if missed else 0)


def load():
    return f"load {os.getloadavg()[0]:.2f} on {len(os.sched_getaffinity(0))} cores"


def start(*words):
    """Starts a program that says nothing; a pid for finish()."""
    null = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
    return os.posix_spawnp(words[0], words, ENVIRONMENT, file_actions=null)


def finish(pid, wanted=0):
    """Waits for it: when it ended, and its CPU seconds."""
    _, status, usage = os.wait4(pid, 0)
    ended = time.time()
    code = os.waitstatus_to_exitcode(status)
    if code != wanted:
        sys.exit(f"a program ended with {code} instead of {wanted}")
    return ended, usage.ru_utime + usage.ru_stime


def elapsed(*words):
    """Milliseconds from its start to its end."""
    time.sleep(0.01)  # until the server has buried the backend of the one before
    began = time.time()
    ended, _ = finish(start(*words))
    return (ended - began) * 1000


def bound_socket():
    """A port that refuses until listen() is called."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


class Server:
    """A private cluster on 127.0.0.1 and on a socket in its folder, with trust; more lines for its
    postgresql.conf in conf."""

    def __init__(self, folder, conf=""):
        self.folder, self.data, self.log = folder, folder + "/data", folder + "/log"
        probe, self.port = bound_socket()
        probe.close()
        os.chmod(folder, 0o777)
        self.program("initdb", "-U", "postgres", "-A", "trust", "--no-sync")
        with open(self.data + "/postgresql.conf", "a", encoding="ascii") as file:
            file.write(f"fsync = off\nport = {self.port}\nlisten_addresses = '127.0.0.1'\n"
                       f"unix_socket_directories = '{folder}'\nlog_line_prefix = '%n '\n{conf}")
        self.process = None

    def program(self, name, *words):
        subprocess.run([*UNPRIVILEGED, f"{PG_BIN}/{name}", "-D", self.data, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def launch(self):
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([*UNPRIVILEGED, f"{PG_BIN}/postgres", "-D", self.data],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def says(self, words, seconds=30):
        """Waits for words in the log; the time that their line bears."""
        end = time.time() + seconds
        while time.time() < end:
            with open(self.log, encoding="utf-8") as log:
                for line in log:
                    if words in line:
                        return float(line.split()[0])
            time.sleep(0.005)
        sys.exit(f"the server does not say '{words}'")

    def psql_words(self, database="postgres"):
        """The command that reaches it, for whoever adds what to say."""
        return [f"{PG_BIN}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port),
                "-U", "postgres", "-d", database]

    def psql(self, sql, database="postgres"):
        """Runs it; its rows as text."""
        return subprocess.run([*self.psql_words(database), "-c", sql], check=True, env=ENVIRONMENT,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def stop(self, how=signal.SIGINT):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def url(self, database="postgres"):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def socket_url(self):
        return f"postgres://postgres@/postgres?host={self.folder}&port={self.port}"
