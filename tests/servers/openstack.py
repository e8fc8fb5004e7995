#!/usr/bin/env python3
"""OpenStack Swift with its S3 API, all of its servers in one process.

usage: openstack.py FOLDER KEY SECRET    (FOLDER/port when it listens; what it keeps is there, too)

It runs in the Python that tools/s3-servers.sh has unpacked Swift for. What its own tests do, too: the account,
container and object servers, one of each, and the proxy in front of them.
"""
import os
import sys

import eventlet
from eventlet import wsgi

eventlet.monkey_patch()

from swift.account.server import AccountController  # noqa: E402
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.storage_policy import reload_storage_policies  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402

folder, key, secret = sys.argv[1:4]
os.makedirs(os.path.join(folder, "devices", "disk"))
with open(os.path.join(folder, "swift.conf"), "w", encoding="utf-8") as file:
    file.write("[swift-hash]\nswift_hash_path_suffix = test\n")
# The users' filter wants a client of memcached's, and does without its answers.
with open(os.path.join(folder, "proxy.conf"), "w", encoding="utf-8") as file:
    file.write(f"""
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_{key} = {secret} .admin
[filter:slo]
use = egg:swift#slo
""")
utils.set_swift_dir(folder)
reload_storage_policies()
utils.validate_configuration()
conf = {"devices": os.path.join(folder, "devices"), "swift_dir": folder, "mount_check": "false",
        "fallocate_reserve": "0", "disable_fallocate": "true", "allowed_sync_hosts": ""}
logger = utils.get_logger({}, "swift")
for name, controller in (("account", AccountController), ("container", ContainerController), ("object", ObjectController)):
    listening = eventlet.listen(("127.0.0.1", 0))
    ring = RingBuilder(1, 1, 0)
    ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": listening.getsockname()[1], "device": "disk",
                  "weight": 1})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, name + ".ring.gz"))
    eventlet.spawn(wsgi.server, listening, controller(conf), logger, protocol=SwiftHttpProtocol)
listening = eventlet.listen(("127.0.0.1", 0))
proxy = loadapp(os.path.join(folder, "proxy.conf"), global_conf={"log_level": "ERROR"})


def named(environ, start):
    """Its users are called ACCOUNT:USER; here the account is the same for all."""
    signed = environ.get("HTTP_AUTHORIZATION", "").replace("Credential=", "Credential=test:")
    return proxy(dict(environ, HTTP_AUTHORIZATION=signed) if signed else environ, start)


with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as file:
    file.write(str(listening.getsockname()[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
wsgi.server(listening, named, logger, protocol=SwiftHttpProtocol)
