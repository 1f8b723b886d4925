"""A link that is slow, loses packets and goes down, between this network namespace (10.77.0.1) and a new one (10.77.0.2), in which
it runs a command:

    unshare --net python3 link.py '{"delay": 0.2, "loss": 0.05, "down": [1, 20], "up": [3, 10], "seconds": 60, "seed": 1}' COMMAND...

Packets go through two TUN devices and this process, so that no netem is needed: only root and /dev/net/tun. It ends as the
command does; with 77 where there can be no link, and says why.
"""

import ctypes
import fcntl
import json
import os
import random
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections import deque

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
IMPOSSIBLE = 77
QUEUE = 2_000  # packets under way in each direction; more are dropped, as a router does


def device(name, address):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    for command in (f"link set lo up", f"addr add {address}/30 dev {name}", f"link set {name} up"):
        subprocess.run(["ip", *command.split()], check=True)
    return tun


def far_side(channel, command):
    """In a namespace of its own: hands its end of the link over, and becomes the command."""
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "a network namespace of its own")
        tun = device("far0", "10.77.0.2")
        socket.send_fds(channel, [b"."], [tun])
        os.close(tun)
        os.execvp(command[0], command)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no link: {error}", file=sys.stderr)
        os._exit(IMPOSSIBLE)


class Weather:
    """When the link is down, drawn in advance from the seed; after `seconds` it stays up."""

    def __init__(self, options):
        self.random, self.options = random.Random(options["seed"]), options
        self.begin = time.monotonic()
        self.changes, at, up = deque(), 0.0, True
        while at < options["seconds"]:
            at += self.random.uniform(*options["up" if up else "down"])
            up = not up
            self.changes.append((at, up))
        if not up:
            self.changes.append((at, True))
        self.up, self.downs = True, 0

    def passes(self):
        while self.changes and time.monotonic() - self.begin >= self.changes[0][0]:
            self.up = self.changes.popleft()[1]
            self.downs += not self.up
        return self.up and self.random.random() >= self.options["loss"]


def forward(ends, child, options):
    weather, under_way = Weather(options), {end: deque() for end in ends}
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    selector = selectors.DefaultSelector()
    for end in ends:
        selector.register(end, selectors.EVENT_READ)
    seen = {"packets": 0, "dropped": 0}
    while True:
        due = min((queue[0][0] for queue in under_way.values() if queue), default=time.monotonic() + 0.5)
        for key, _ in selector.select(max(0.0, min(0.5, due - time.monotonic()))):
            for _ in range(64):
                try:
                    packet = os.read(key.fd, 65536)
                except BlockingIOError:
                    break
                queue = under_way[other[key.fd]]
                passes = weather.passes() and len(queue) < QUEUE
                seen["packets"] += 1
                seen["dropped"] += not passes
                if passes:
                    queue.append((time.monotonic() + options["delay"], packet))
        for end, queue in under_way.items():
            while queue and queue[0][0] <= time.monotonic():
                try:
                    os.write(end, queue.popleft()[1])
                except OSError:
                    pass  # the far side is gone
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            print(json.dumps({"link": {**seen, "downs": weather.downs}}), flush=True)
            return os.waitstatus_to_exitcode(status)


def main():
    options, command = json.loads(sys.argv[1]), sys.argv[2:]
    near, far = socket.socketpair()
    child = os.fork()
    if child == 0:
        near.close()
        far_side(far, command)
    far.close()
    received, fds, _, _ = socket.recv_fds(near, 1, 1)
    if not received:
        os.waitpid(child, 0)
        return IMPOSSIBLE
    try:
        ends = (fds[0], device("near0", "10.77.0.1"))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no link: {error}", file=sys.stderr)
        os.kill(child, 9)
        return IMPOSSIBLE
    return forward(ends, child, options)


sys.exit(main())
