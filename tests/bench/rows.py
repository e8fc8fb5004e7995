"""A shop's database of realistic rows, the same at every run: customers, orders, events, a log,
documents, measurements. fill() loads so many MiB of COPY text in several sessions.

Words are as frequent as in a language (Zipf), so that the text compresses like text.
"""
import array
import datetime
import multiprocessing
import os
import random
import subprocess

from common import ENVIRONMENT

SCHEMA = """
create type order_status as enum ('open', 'paid', 'shipped', 'returned', 'cancelled');
create table customers (
    id bigint not null, uid uuid not null, email text not null, name text not null, street text,
    city text not null, country char(2) not null, born date, joined timestamptz not null,
    credit numeric(12, 2) not null, notes text, preferences jsonb not null);
create table orders (
    id bigint not null, customer bigint not null, status order_status not null, placed timestamptz not null,
    shipped timestamptz, total numeric(12, 2) not null, currency char(3) not null, coupon text, remark text,
    address jsonb not null);
create table order_lines (
    order_id bigint not null, position smallint not null, sku text not null, quantity integer not null,
    price numeric(10, 2) not null, discount numeric(5, 4), tax numeric(5, 4) not null, weight double precision);
create table events (
    id bigint not null, at timestamptz not null, kind text not null, actor uuid, payload jsonb not null)
    partition by range (at);
create table events_2023 partition of events for values from ('2023-01-01 UTC') to ('2024-01-01 UTC');
create table events_2024 partition of events for values from ('2024-01-01 UTC') to ('2025-01-01 UTC');
create table log (
    id bigint not null, at timestamp not null, level text not null, host inet not null, message text not null,
    milliseconds real);
create table documents (
    uid uuid not null, title text not null, body text not null, tags text[] not null, revised timestamptz,
    meta jsonb not null);
create table measurements (
    sensor integer not null, at timestamptz not null, value double precision not null, quality smallint,
    raw bytea);
"""

KEYS = """
alter table customers add primary key (id);
alter table orders add primary key (id);
alter table order_lines add primary key (order_id, position);
alter table documents add primary key (uid);
create index on orders (customer);
create index on events (at);
create index on log (at);
"""

# Per mille of the text.
SHARES = {"events_2023": 150, "events_2024": 150, "documents": 180, "log": 150, "orders": 130, "order_lines": 100,
          "customers": 90, "measurements": 50}

CITIES = ["Aachen", "Bergen", "Bruges", "Cádiz", "Cork", "Dijon", "Espoo", "Gdańsk", "Ghent", "Graz", "Kraków",
          "Leeds", "Liège", "Lyon", "Malmö", "Nantes", "Porto", "Pécs", "Turin", "Umeå", "Utrecht", "Vigo", "Zürich"]
COUNTRIES = ["AT", "BE", "CH", "DE", "ES", "FI", "FR", "GB", "HU", "IE", "IT", "NL", "NO", "PL", "PT", "SE"]
KINDS = ["page.viewed", "page.viewed", "page.viewed", "cart.changed", "cart.changed", "search.done", "search.done",
         "order.placed", "login.failed", "mail.sent"]
LEVELS = ["debug", "info", "info", "info", "info", "warning", "error"]
STATUSES = ["open", "paid", "shipped", "shipped", "shipped", "returned", "cancelled"]


def vocabulary():
    """65,536 places that a random 16-bit number picks from: the word of rank n has the nth part of
    the places of the first. Frequent words are short; some places have a comma, a full stop, or a
    turn of phrase of several words."""
    rng = random.Random(18)
    onsets = "b br c ch d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w".split()
    rests = "a e i o u ai ea ou an en in on un ar er or al el est ing ion ent ame ate ile ore".split()
    words, places = [], []
    while len(places) < 62000:
        rank = len(words) + 1
        syllables = 1 if rank < 60 else rng.choice((1, 2, 2, 2, 3, 3, 4))
        word = "".join(rng.choice(onsets) + rng.choice(rests) for _ in range(syllables))
        words.append(word)
        places += [word] * max(1, 6200 // rank)
    places = [word + rng.choices(("", ",", "."), (84, 8, 8))[0] for word in places]
    phrases = [" ".join(rng.choices(places, k=rng.randint(2, 5))) for _ in range(400)]
    places += rng.choices(phrases, [1 / n for n in range(1, 401)], k=65536 - len(places))
    return words, places


class Rows:
    """The rows of the tables, each an endless series of lines of COPY text."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.words, self.places = vocabulary()
        self.wares = [(f"{self.word()[:4].upper()}-{self.below(90000):05}",
                       f"{self.below(60)}.{self.rng.choice((99, 95, 50))}",
                       f"{self.rng.lognormvariate(0, 1):.4g}") for _ in range(5000)]
        self.messages = [f"{self.word()}.{self.word()}[{self.below(32768)}]: {self.text(3 + self.below(9))} "
                         f"{self.word()}=%d {self.text(1 + self.below(5))} id=%x" for _ in range(300)]
        self.clock = datetime.datetime(2023, 1, 1, tzinfo=datetime.timezone.utc)

    def text(self, count):
        return " ".join(map(self.places.__getitem__, array.array("H", self.rng.randbytes(2 * count))))

    def one_of(self, list_):
        """Those in front far more often."""
        return list_[int(len(list_) * self.rng.random() ** 3)]

    def word(self):
        return self.one_of(self.words)

    def some(self, text, share):
        """The text in that share of the rows, else null."""
        return text if self.rng.random() < share else "\\N"

    def below(self, bound):
        return int(self.rng.random() * bound)

    def money(self, mean):
        return f"{self.rng.expovariate(1 / mean):.2f}"

    def birthday(self):
        return f"{1940 + self.below(65)}-{1 + self.below(12):02}-{1 + self.below(28):02}"

    def uid(self):
        return f"{self.rng.getrandbits(128):032x}"

    def now(self, seconds):
        """A moment that many seconds, more or less, after the one before."""
        self.clock += datetime.timedelta(seconds=self.rng.expovariate(1 / seconds))
        return self.clock

    def later(self, seconds):
        return self.clock + datetime.timedelta(seconds=int(self.rng.expovariate(1 / seconds)))

    def customers(self):
        pick, number = self.rng.choice, 0
        while True:
            number += 1
            first, last = self.word().title(), self.word().title()
            preferences = (f'{{"language": "{pick(COUNTRIES).lower()}", "newsletter": {pick(("true", "false"))}, '
                           f'"sizes": [{self.below(60)}, {self.below(60)}], '
                           f'"wishes": {{"{self.word()}": {self.below(9)}, "{self.word()}": null}}}}')
            yield (f"{number}\t{self.uid()}\t{first.lower()}.{last.lower()}{self.below(999)}@{self.word()}.example\t"
                   f"{first} {last}\t{self.some(self.word().title() + f' Street {self.below(200)}', .9)}\t"
                   f"{pick(CITIES)}\t{pick(COUNTRIES)}\t{self.some(self.birthday(), .6)}\t"
                   f"{self.now(40)}\t{self.money(80)}\t{self.some(self.text(self.below(60)), .3)}\t{preferences}\n")

    def orders(self):
        pick, number = self.rng.choice, 0
        while True:
            number += 1
            address = (f'{{"street": "{self.word()} {self.below(200)}", "city": "{pick(CITIES)}", '
                       f'"zip": "{self.below(99999):05}", "gate": {pick(("null", "true"))}}}')
            yield (f"{number}\t{self.below(400000)}\t{pick(STATUSES)}\t{self.now(25)}\t"
                   f"{self.some(self.later(200000), .7)}\t{self.money(90)}\t{pick(('EUR', 'EUR', 'GBP', 'SEK'))}\t"
                   f"{self.some(self.word().upper() + str(self.below(99)), .1)}\t"
                   f"{self.some(self.text(3 + self.below(30)), .4)}\t{address}\n")

    def order_lines(self):
        number = 0
        while True:
            number += 1
            for position in range(1, 2 + self.below(5)):
                sku, price, weight = self.one_of(self.wares)
                yield (f"{number}\t{position}\t{sku}\t{1 + int(self.rng.expovariate(1))}\t{price}\t"
                       f"{self.some(f'{self.rng.random() / 3:.4f}', .1)}\t{self.rng.choice(('0.1900', '0.0700'))}\t"
                       f"{self.some(weight, .8)}\n")

    def events(self):
        """Documents whose keys and depth vary with the kind."""
        pick, number = self.rng.choice, 0
        while True:
            number += 1
            kind = pick(KINDS)
            more = {"page.viewed": lambda: f'"path": "/{self.word()}/{self.word()}/{self.below(9999)}", '
                                           f'"referrer": "https://{self.word()}.example/{self.word()}"',
                    "cart.changed": lambda: '"items": [' + ", ".join(
                        f'{{"sku": "{sku}", "count": {1 + self.below(4)}, "price": {price}}}'
                        for sku, price, _ in (self.one_of(self.wares) for _ in range(1 + self.below(5)))) + "]",
                    "search.done": lambda: f'"query": "{self.text(1 + self.below(4))}", "hits": {self.below(3000)}, '
                                           f'"seconds": {self.rng.random():.5f}',
                    }.get(kind, lambda: f'"detail": "{self.text(4 + self.below(20))}", '
                                        f'"{self.word()}": {{"{self.word()}": {self.rng.gauss(0, 50):.4f}}}')()
            yield (f"{number}\t{self.now(6)}\t{kind}\t{self.some(self.uid(), .8)}\t"
                   f'{{"session": "{self.rng.getrandbits(64):x}", "agent": "{self.word()}/{self.below(90)}.0", '
                   f'"mobile": {pick(("true", "false"))}, {more}}}\n')

    def log(self):
        rng, number = self.rng, 0
        while True:
            number += 1
            yield (f"{number}\t{self.now(9).replace(tzinfo=None)}\t{rng.choice(LEVELS)}\t"
                   f"10.{self.below(4)}.{self.below(8)}.{self.below(255)}\t"
                   f"{self.one_of(self.messages) % (self.below(400000), rng.getrandbits(32))}\t"
                   f"{self.some(f'{rng.lognormvariate(3, 1.5):.3f}', .7)}\n")

    def documents(self):
        while True:
            paragraphs = "\\n\\n".join(self.text(40 + self.below(120)) for _ in range(1 + self.below(10)))
            tags = ",".join(self.word() for _ in range(self.below(6)))
            yield (f"{self.uid()}\t{self.text(3 + self.below(6)).title()}\t{paragraphs}\t{{{tags}}}\t"
                   f"{self.some(self.now(600), .8)}\t"
                   f'{{"author": "{self.word()} {self.word()}", "pages": {self.below(400)}, "{self.word()}": '
                   f'["{self.word()}", "{self.text(3)}", {self.rng.random():.8f}]}}\n')

    def measurements(self):
        value = 20.0
        while True:
            value += self.rng.gauss(0, .3)
            yield (f"{self.below(500)}\t{self.now(3)}\t{value:.12g}\t{self.some(self.below(4), .3)}\t"
                   f"{self.some(f'{chr(92) * 2}x{self.rng.getrandbits(64):016x}', .2)}\n")


def copy(work):
    """Loads one table; how many bytes of COPY text."""
    psql, table, size = work
    rows = Rows(table)
    if table == "events_2024":
        rows.clock = rows.clock.replace(year=2024)
    lines = getattr(rows, table.split("_2")[0])()
    words = [*psql, "-1", "-c", f"truncate {table}", "-c", f"copy {table} from stdin (freeze)"]
    written = 0
    with subprocess.Popen(words, stdin=subprocess.PIPE, env=ENVIRONMENT) as sink:
        while written < size:
            batch = "".join(next(lines) for _ in range(200)).encode()
            sink.stdin.write(batch)
            written += len(batch)
    if sink.returncode != 0:
        raise RuntimeError(f"cannot load {table}")
    return written


def fill(server, database, megabytes):
    """Makes the database; how many bytes of COPY text it has."""
    server.psql(f"create database {database} template template0 encoding utf8 locale 'C.UTF-8'")
    server.psql(SCHEMA, database)
    work = [(server.psql_words(database), table, megabytes * 1048576 * share // 1000)
            for table, share in SHARES.items()]
    with multiprocessing.Pool(len(os.sched_getaffinity(0))) as sessions:
        written = sum(sessions.imap_unordered(copy, work))
    server.psql(KEYS, database)
    for sql in "vacuum analyze", "checkpoint":
        server.psql(sql, database)
    return written
