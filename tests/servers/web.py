#!/usr/bin/env python3
"""An HTTP server that does what the path asks for and writes down what it got: web.py DIR.

DIR/port has its port, DIR/requests a JSON object for each request. /code/N/... answers N, /after/K/N/... answers N to the
first K requests and 200 from then on, /hang/... never answers, /redirect/... leads to /landed, all else is 200.
"""
import http.server, json, os, sys, threading, time

folder = sys.argv[1]
lock, counts = threading.Lock(), {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        request = {"method": self.command, "path": self.path, "type": self.headers.get("Content-Type"), "body": body}
        with lock:
            counts[self.path] = counts.get(self.path, 0) + 1
            count = counts[self.path]
            with open(folder + "/requests", "a") as f:
                f.write(json.dumps(request) + "\n")
        parts = self.path.split("?")[0].split("/")
        code = 200
        if parts[1] == "hang":
            while not os.path.exists(folder + "/stop"):
                time.sleep(0.05)
            return
        if parts[1] == "code":
            code = int(parts[2])
        elif parts[1] == "after":
            code = int(parts[3]) if count <= int(parts[2]) else 200
        elif parts[1] == "redirect":
            code = 302
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/landed")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(folder + "/port.new", "w") as f:
    f.write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
