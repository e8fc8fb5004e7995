#!/usr/bin/env python3
"""Changes one operator, constant or return of a pure file, runs the unit tests that link it, and says whether one fails.

usage: mutants.py NUMBER [SEED [FILE...]]; make mutants calls it, with CFLAGS and LIBS, and with the --wrap options of
test_NAME in WRAP_NAME, when .build/mutants holds an object of each source and test. A mutant is compiled alone and
linked in front of the others. It is killed when a test fails, crashes or does not end, without sanitizers or, as they
cost time, else with them in this one file. A mutant that does not compile, or whose object is that of the file as it
is, does not count. Those that tests/mutants.equivalent names do not count either. It exits 1 when less than BAR % are
killed.
"""
import concurrent.futures
import glob
import os
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys

BAR = 90
BUILD = ".build/mutants"
# Files that read, compare and decide, and touch no server: what a unit test can hold to account.
PURE = """src/repo/retention.c src/repo/select.c src/repo/freshness.c src/dump/manifest.c src/schedule/schedule*.c
    src/schedule/zone.c src/db/url.c src/db/target*.c src/envcheck/*.c src/check/check.c src/check/comparison.c
    src/migrated/*.c"""
CPU_SECONDS, WALL_SECONDS, MEMORY = 10, 120, 2 << 30
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

# What an operator becomes. They stand between blanks in our style, by which a product is told from a pointer.
BINARY = {
    "==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "&": ["|"], "|": ["&"],
    "<<": [">>"], ">>": ["<<"], "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="], "|=": ["&="], "&=": ["|="],
}
RULES = [
    (re.compile(r"(?<= )(==|!=|<=|>=|<<|>>|&&|\|\||[-+*/|&]=|[-+*/%<>&|])(?=[ \n])"), lambda m: BINARY[m[0]]),
    (re.compile(r"\+\+|--"), lambda m: ["--" if m[0] == "++" else "++"]),
    (re.compile(r"!(?!=)"), lambda m: [""]),
    (re.compile(r"\b(?:true|false)\b"), lambda m: ["false" if m[0] == "true" else "true"]),
    # -1 is as good as any other number below 0: nobody asks which.
    (re.compile(r"(?<![\w.\"'])(?<![ (]-)\d+\b(?![.\"'])"),
     lambda m: [str(int(m[0]) + 1), str(max(int(m[0]) - 1, 0))]),
    (re.compile(r"(?<=return )(?!0;)[^;{}]+(?=;)"), lambda m: ["0", "1"]),
]
NO_CODE = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*\#[^\n]*""", re.S | re.M)


def sites(path):
    """The changes of a file: place, length and what is put there."""
    text = open(path).read()
    # What is no code becomes as long a run of letters, so that places stay what they are.
    code = NO_CODE.sub(lambda m: re.sub(r"[^\n]", "_", m[0]), text)
    return [(path, m.start(), m.end(), new)
            for pattern, replacements in RULES for m in pattern.finditer(code)
            for new in replacements(m) if new != text[m.start():m.end()]]


def tests_of(path):
    """The test programs of the file's room, its own first."""
    room, name = path.split("/")[1], os.path.basename(path)[:-2]
    found = sorted(glob.glob(f"tests/unit/{room}/test_*.c"), key=lambda test: (f"test_{name}.c" not in test, test))
    return [f"{BUILD}/{test[:-2]}.o" for test in found]


def lines(path, start, end, new):
    """The lines that a change is in, joined by one blank, as they are and as they become."""
    text = open(path).read()
    first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    before, after = text[first:last], text[first:start] + new + text[end:last]
    return text.count("\n", 0, start) + 1, " ".join(before.split()), " ".join(after.split())


def equivalents():
    """Paragraphs: a file, a line with '- ' before it, what it becomes with '+ ' before it, the reason."""
    found = set()
    for paragraph in open("tests/mutants.equivalent").read().split("\n\n"):
        part = [line for line in paragraph.split("\n") if line and not line.startswith("#")]
        if part:
            if len(part) < 4 or part[1][:2] != "- " or part[2][:2] != "+ ":
                sys.exit(f"tests/mutants.equivalent: not a file, a line, what it becomes and a reason: {part}")
            found.add((part[0], part[1][2:], part[2][2:]))
    return found


def limits(sanitized):
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if not sanitized:  # they reserve more than there is
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 26, 1 << 26))


def passes(program, folder, sanitized):
    env = dict(os.environ, TMPDIR=folder, SEED="1", MALLOC_PERTURB_="165", ASAN_OPTIONS="hard_rss_limit_mb=1024")
    process = subprocess.Popen([program], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=lambda: limits(sanitized))
    try:
        return process.wait(WALL_SECONDS) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def compile_one(source, to, extra=()):
    return subprocess.run(["gcc", *shlex.split(os.environ["CFLAGS"]), *extra, "-c", "-o", to, source],
                          stderr=subprocess.DEVNULL).returncode == 0


def failing(path, folder, extra=()):
    """The first of the file's test programs that fails with the folder's object in front of the others, or None."""
    program = f"{folder}/program"
    for test in tests_of(path):
        wrapped = os.environ.get("WRAP_" + os.path.basename(test)[len("test_"):-2], "")
        subprocess.run(["gcc", *extra, *wrapped.split(), "-o", program, test, f"{folder}/mutant.o", f"{BUILD}/all.a",
                        *shlex.split(os.environ["LIBS"])], check=True)
        if not passes(program, os.path.abspath(folder), extra):
            return os.path.basename(test)[:-2]
    return None


def judge(number, site):
    """'same', 'killed' or 'alive'."""
    path, start, end, new = site
    text = open(path).read()
    folder = f"{BUILD}/run-{number}"
    source = f"{folder}/{os.path.basename(path)}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        with open(source, "w") as out:
            out.write(text[:start] + new + text[end:])
        if not compile_one(source, f"{folder}/mutant.o"):
            return "same"
        with open(f"{folder}/mutant.o", "rb") as a, open(f"{BUILD}/{path[:-2]}.plain", "rb") as b:
            if a.read() == b.read():
                return "same"
        if failing(path, folder):
            return "killed"
        compile_one(source, f"{folder}/mutant.o", SANITIZERS)
        return "killed" if failing(path, folder, SANITIZERS) else "alive"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(path):
    """Compiles the file as it is, in the way that its mutants are, and proves that its tests pass with it."""
    folder = f"{BUILD}/run-{path.replace('/', '-')}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    source = f"{folder}/{os.path.basename(path)}"
    shutil.copy(path, source)
    if not compile_one(source, f"{BUILD}/{path[:-2]}.plain"):
        sys.exit(f"{path} does not compile")
    shutil.copy(f"{BUILD}/{path[:-2]}.plain", f"{folder}/mutant.o")
    failed = failing(path, folder)
    if failed:
        sys.exit(f"{failed} fails without a change")
    shutil.rmtree(folder)


def draw(count, seed, files, pool):
    """Judges changes in random order until count of them count; yields them with what became of them."""
    drawn = sorted(site for path in files for site in sites(path))
    random.Random(seed).shuffle(drawn)
    left = list(enumerate(drawn))
    while count > 0 and left:
        batch, left = left[:count], left[count:]
        for (_, site), what in zip(batch, pool.map(lambda pair: judge(*pair), batch)):
            if what != "same":
                count -= 1
                yield site, what


def main():
    count = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2] else random.randrange(1 << 30)
    files = sys.argv[3:] or sorted(path for pattern in PURE.split() for path in glob.glob(pattern))
    named, killed, alive, equivalent = equivalents(), {}, {}, 0
    print(f"# seed {seed}: {count} changes in {len(files)} files", flush=True)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(prepare, files))
        for site, what in draw(count, seed, files, pool):
            number, before, after = lines(*site)
            if what == "killed":
                killed[site[0]] = killed.get(site[0], 0) + 1
            elif (site[0], before, after) in named:
                equivalent += 1
            else:
                alive[site[0]] = alive.get(site[0], 0) + 1
                print(f"\n{site[0]}\n- {before}\n+ {after}\nline {number}", flush=True)
    print()
    for path in sorted(alive):
        print(f"# {path}: {killed.get(path, 0)} of {killed.get(path, 0) + alive[path]} killed")
    dead, total = sum(killed.values()), sum(killed.values()) + sum(alive.values())
    good = dead * 100 >= BAR * total
    print(f"{'' if good else 'not '}ok 1 - unit tests kill {dead} of {total} changes, at least {BAR} % "
          f"({equivalent} more are named as equivalent)")
    sys.exit(not good)


if __name__ == "__main__":
    main()
