"""A small mail server for tests: writes down what it takes, and can misbehave.

    python smtp_sink.py FILE SEED

prints its port, then appends the Message-ID of each mail that it took to FILE. It waits
a moment before and after taking one, so that a client that is killed leaves it in any
state. Recipients say what they get: `busy…` a 451, `gone…` a 550, `drop…` loses the
connection after the dot.
"""

import random
import re
import socketserver
import sys
import time
from pathlib import Path

TAKEN = Path(sys.argv[1]).open("ab", buffering=0)  # noqa: SIM115
RANDOM = random.Random(int(sys.argv[2]))  # noqa: S311


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        try:
            self.say("220 sink")
            while line := self.rfile.readline():
                if not self.answer(line.decode().strip()):
                    return
        except (BrokenPipeError, ConnectionResetError):
            return

    def answer(self, line):
        verb = line[:4].upper()
        if verb == "QUIT":
            self.say("221 bye")
            return False
        if verb == "RCPT":
            self.to = line
            said = {"busy": "451 later", "gone": "550 5.1.1 no such user"}
            self.say(said.get(re.search("<(.{4})", line)[1], "250 ok"))
        elif verb == "DATA":
            self.say("354 go on")
            return self.take()
        else:
            self.say("250 ok")
        return True

    def take(self):
        found = b""
        while line := self.rfile.readline():
            if line == b".\r\n":
                break
            if line.lower().startswith(b"message-id:"):
                found = line.split(b":", 1)[1].strip()
        else:
            return False
        time.sleep(RANDOM.uniform(0, 0.004))
        if "<drop" in self.to:
            return False
        TAKEN.write(found + b"\n")
        time.sleep(RANDOM.uniform(0, 0.004))
        self.say("250 taken")
        return True


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(("127.0.0.1", 0), Session) as server:
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
