"""Machines of a network that breaks as it is told: each is a network namespace, and packets between them go through this process.

    python3 network.py '["front", "store", "node1"]'

Machine n has the address 10.77.0.n, from 1 on. The first line of stdout is {"pids": {"front": 12, ...}}: of processes inside that do
nothing, for `nsenter`. Then each line of stdin says all that is wrong from now on, and is answered by one of stdout when it is so:

    {"cut": [["node1", "store"]], "slow": {"node1": 0.3}}

What the first of a pair sends to the second is dropped without a word; what is slow arrives so many seconds after it was sent.
It needs root and /dev/net/tun, and no module of the kernel; without them it ends with 77 and says why. It ends with its stdin.
"""

import ctypes
import fcntl
import heapq
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
IMPOSSIBLE = 77


def address(n):
    return f"10.77.0.{n}"


def machine(channel, n):
    """In a namespace of its own: hands its device over, and stays until this process has ended."""
    try:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "a network namespace of its own")
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"net0", IFF_TUN | IFF_NO_PI))
        for command in ("link set lo up", f"addr add {address(n)}/24 dev net0", "link set net0 up"):
            subprocess.run(["ip", *command.split()], check=True)
        socket.send_fds(channel, [b"."], [tun])
        os.close(tun)
        channel.recv(1)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"no network: {error}", file=sys.stderr)
    os._exit(0)


def machines(names):
    """Their devices and pids, or None."""
    devices, pids, channels = {}, {}, []
    for n, name in enumerate(names, 1):
        near, far = socket.socketpair()
        pids[name] = os.fork()
        if pids[name] == 0:
            near.close()
            machine(far, n)
        far.close()
        received, fds, _, _ = socket.recv_fds(near, 1, 1)
        if not received:
            return None
        devices[name] = fds[0]
        channels.append(near)
    return devices, pids, channels


class Trouble:
    cut, slow = frozenset(), {}

    def is_now(self, cut=(), slow=None):
        self.cut, self.slow = frozenset(map(tuple, cut)), slow or {}


def forward(names, devices):
    at = {socket.inet_aton(address(n)): name for n, name in enumerate(names, 1)}
    trouble, late, order = Trouble(), [], 0
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin.fileno(), selectors.EVENT_READ, None)
    for name, device in devices.items():
        selector.register(device, selectors.EVENT_READ, name)
    said = b""
    while True:
        due = late[0][0] - time.monotonic() if late else None
        for key, _ in selector.select(None if due is None else max(0.0, due)):
            if key.data is None:
                said += os.read(key.fd, 65536) or sys.exit(0)
                *lines, said = said.split(b"\n")
                for line in lines:
                    trouble.is_now(**json.loads(line))
                    print("{}", flush=True)
                continue
            for _ in range(64):
                try:
                    packet = os.read(key.fd, 65536)
                except BlockingIOError:
                    break
                to = at.get(packet[16:20]) if packet[0] >> 4 == 4 else None
                if to is None or (key.data, to) in trouble.cut:
                    continue
                delay = trouble.slow.get(key.data, 0)
                if delay:
                    order += 1
                    heapq.heappush(late, (time.monotonic() + delay, order, to, packet))
                else:
                    os.write(devices[to], packet)
        while late and late[0][0] <= time.monotonic():
            _, _, to, packet = heapq.heappop(late)
            os.write(devices[to], packet)


def main():
    names = json.loads(sys.argv[1])
    made = machines(names)
    if made is None:
        return IMPOSSIBLE
    devices, pids, _channels = made
    print(json.dumps({"pids": pids}), flush=True)
    forward(names, devices)


sys.exit(main())
