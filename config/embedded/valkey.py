import socket

from config.embedded.binaries import valkey_program
from config.embedded.folders import Paths
from config.embedded.identity import service_account
from config.embedded.process import Command, Server


def start_valkey(
    where: Paths, *, durable: bool = True, inherited: tuple[int, ...] = ()
) -> Server:
    """Start Valkey, the message broker, and wait until it answers."""
    options = {
        "port": "0",
        "unixsocket": str(where.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(where.valkey),
        "daemonize": "no",
        "save": "",
        "appendonly": "yes" if durable else "no",
        # A broker that forgets messages when it is full would lose work in silence.
        "maxmemory-policy": "noeviction",
    }
    argv = [str(valkey_program(where))]
    for name, value in options.items():
        argv += [f"--{name}", value]
    server = Server(
        command=Command(
            name="Valkey",
            argv=argv,
            log=where.log("valkey"),
            folder=where.servers,
            account=service_account(),
            inherited=inherited,
        ),
        is_ready=lambda: _answers(where),
    )
    # A socket of a killed server would refuse us until the new one has replaced it.
    where.valkey_socket.unlink(missing_ok=True)
    server.start()
    return server


def _answers(where: Paths) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(where.valkey_socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
