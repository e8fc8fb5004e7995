#!/usr/bin/env python3
"""What pgbox asks of the Docker Engine's API, on a unix socket: engine.py DIR.

DIR/containers is JSON: [{"name", "running", "project", "service", "depends_on", "labels", "remove", "health"}]. DIR/socket is
the socket, DIR/requests gets a line for each request and DIR/state one for each container: its name, id, and whether it
runs. Files in DIR make it err: fail-stop-NAME and fail-start-NAME (500), hang-stop-NAME (no answer), anew-NAME (at the next
stop it is made anew, under another id), lose-NAME (at the next stop it vanishes), down (every answer is 503), endless (every answer is its content for ever, one byte with a pause). Containers with
health are "starting" until DIR/healthy-NAME is there.
"""
import http.server, json, os, re, socketserver, sys, threading, time

folder = sys.argv[1]
lock = threading.RLock()
numbers = iter(range(1, 1000000))


def new_id():
    return f"{next(numbers):064x}"


def there(name):
    return os.path.exists(f"{folder}/{name}")


with open(folder + "/containers") as f:
    containers = {c["name"]: dict(c, id=c.get("id") or new_id()) for c in json.load(f)}


def save():
    with open(folder + "/state.new", "w") as f:
        for c in containers.values():
            f.write(f"{c['name']} {c['id'][-4:]} {'up' if c['running'] else 'down'}\n")
    os.rename(folder + "/state.new", folder + "/state")


def labels(c):
    found = dict(c.get("labels", {}))
    for key in "project", "service", "depends_on":
        if c.get(key):
            found["com.docker.compose." + key] = c[key]
    return found


def summary(c):
    return {"Id": c["id"], "Names": ["/" + c["name"], "/other/alias"], "Labels": labels(c),
            "State": c.get("state") or ("running" if c["running"] else "exited")}


def details(c):
    state = {"Running": c["running"], "Status": "running" if c["running"] else "exited"}
    if c.get("health"):
        state["Health"] = {"Status": "healthy" if there("healthy-" + c["name"]) else "starting"}
    return {"Id": c["id"], "Name": "/" + c["name"], "State": state, "HostConfig": {"AutoRemove": bool(c.get("remove"))},
            "Config": {"Labels": labels(c), "StopTimeout": c.get("timeout")}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, code, body=None):
        text = json.dumps(body).encode() if body is not None else b""
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def answer_for_ever(self):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            with open(folder + "/endless", "rb") as f:
                piece = f.read()
            while True:
                self.wfile.write(piece)
                time.sleep(0.5 if len(piece) == 1 else 0)
        except OSError:
            pass

    def handle_request(self):
        with lock, open(folder + "/requests", "a") as f:
            f.write(f"{self.command} {self.path}\n")
        if there("down"):
            return self.answer(503, {"message": "out of order"})
        if there("endless"):
            return self.answer_for_ever()
        if (self.command, self.path) == ("GET", "/containers/json?all=1"):
            with lock:
                return self.answer(200, [summary(c) for c in containers.values()])
        m = re.fullmatch(r"/containers/([\w.-]+)/(json|stop|start)", self.path)
        if not m or (self.command == "GET") != (m.group(2) == "json"):
            return self.answer(403, {"message": "not allowed by the proxy"})
        name, what = m.groups()
        if there(f"fail-{what}-{name}"):
            return self.answer(500, {"message": f"cannot {what} container: a reason"})
        if there(f"hang-{what}-{name}"):
            while there(f"hang-{what}-{name}"):
                time.sleep(0.02)
        with lock:
            c = containers.get(name)
            if not c:
                return self.answer(404, {"message": f"No such container: {name}"})
            if what == "json":
                return self.answer(200, details(c))
            code = 304 if c["running"] == (what == "start") else 204
            c["running"] = what == "start"
            if what == "stop" and there("anew-" + name):
                c["id"] = new_id()
            if what == "stop" and there("lose-" + name):
                del containers[name]
            save()
            self.answer(code)

    do_GET = do_POST = lambda self: self.handle_request()

    def address_string(self):
        return "socket"

    def log_message(self, *args):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


save()
server = Server(folder + "/socket.new", Handler)
os.rename(folder + "/socket.new", folder + "/socket")
server.serve_forever()
