"""A small IMAP server for tests: real sockets, and a log of what was asked."""

import datetime as dt
import re
import socketserver
import ssl
import threading
from email.utils import parsedate_to_datetime

SINCE = re.compile(r"SINCE (\d+-\w+-\d+)")
ASKED = re.compile(r"UID (\d+):\*")
ARRIVED = re.compile(r"FETCH ([\d,]+) \(INTERNALDATE\)")
FETCH = re.compile(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)")


class ImapServer(socketserver.ThreadingTCPServer):
    """Folders of mails by id; `password` and `certificate` may be changed meanwhile."""

    allow_reuse_address = daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Session)
        self.user, self.password, self.certificate = "rita", "right", None
        self.folders = {"INBOX": {}, "Sent": {}}
        self.validity, self.next_uid, self.asked = 7, 1, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def put(self, message, *, folder="INBOX", at=None):
        data = message if isinstance(message, bytes) else message.encode()
        at = (at or dt.datetime.now(dt.UTC)).astimezone(dt.UTC)
        self.folders[folder][self.next_uid] = (at, data.replace(b"\n", b"\r\n"))
        self.next_uid += 1

    def count_anew(self):
        """Give every mail another id, as after a server was moved."""
        self.validity += 1
        for name, mails in self.folders.items():
            kept = mails.values()
            self.folders[name] = dict(enumerate(kept, start=self.next_uid))
            self.next_uid += len(mails)

    def get_request(self):
        connection, address = super().get_request()
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            connection = context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request, client_address):
        """Say nothing: clients that turn away are what is tested."""


class Session(socketserver.StreamRequestHandler):
    folder = None

    def handle(self):
        self.say("* OK ready")
        while line := self.rfile.readline().decode().strip():
            tag, _, rest = line.partition(" ")
            self.server.asked.append(rest)
            word = rest.split()[0].upper()
            result = getattr(self, f"do_{word.lower()}", self.unknown)(rest)
            self.say(f"{tag} {result or 'OK done'}")
            if word == "LOGOUT":
                return

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def unknown(self, rest):
        return "BAD what?"

    def do_capability(self, rest):
        self.say("* CAPABILITY IMAP4rev1")

    def do_login(self, rest):
        user, password = re.findall(r'"([^"]*)"', rest)
        if (user, password) != (self.server.user, self.server.password):
            return "NO [AUTHENTICATIONFAILED] no"
        return "OK welcome"

    def do_list(self, rest):
        for name in self.server.folders:
            flag = "\\Sent" if name == "Sent" else "\\HasNoChildren"
            self.say(f'* LIST ({flag}) "/" "{name}"')

    def do_examine(self, rest):
        self.folder = self.server.folders.get(rest.split(maxsplit=1)[1].strip('"'))
        if self.folder is None:
            return "NO there is none"
        self.say(f"* {len(self.folder)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {self.server.validity}] ids")
        self.say(f"* OK [UIDNEXT {self.server.next_uid}] next")
        return "OK [READ-ONLY] done"

    def do_logout(self, rest):
        self.say("* BYE")

    def do_uid(self, rest):
        if "SEARCH" in rest:
            first = int(ASKED.search(rest)[1])
            day = SINCE.search(rest)[1].replace("-", " ")
            since = parsedate_to_datetime(f"{day} 00:00:00 +0000").date()
            last = max(self.folder, default=0)
            found = [u for u in self.folder if u >= first or u == last]
            found = [u for u in found if self.folder[u][0].date() >= since]
            self.say("* SEARCH " + " ".join(map(str, found)))
            return
        if asked := ARRIVED.search(rest):
            for uid in map(int, asked[1].split(",")):
                at = f"{self.folder[uid][0]:%d-%b-%Y %H:%M:%S %z}"
                self.say(f'* 1 FETCH (UID {uid} INTERNALDATE "{at}")')
            return
        uid, most = map(int, FETCH.search(rest).groups())
        if uid in self.folder:
            data = self.folder[uid][1][:most]
            self.say(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(data)}}}")
            self.wfile.write(data + b")\r\n")
