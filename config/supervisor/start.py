"""The one command: servers, schema, web, worker and beat; then watch until stopped."""

import http.client
import signal
import time
from types import FrameType
from typing import Any

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError

from config import embedded, env
from config.embedded.process import tail
from config.supervisor import preparation, services
from config.supervisor.console import say, step
from config.supervisor.fleet import Fleet, Watched

READY_WITHIN = 60.0
OK = 200


class StopRequestedError(BaseException):
    """Somebody pressed Ctrl-C or sent a signal; not an error of any step."""


def up() -> None:
    """Bring the product up, keep it up, take it down in order.

    Raises
    ------
    EmbeddedError
        If it cannot start; the message says what to do.
    """
    _refuse_bad_variables()
    fleet = Fleet()
    lock = embedded.FolderLock(embedded.make_data_folder(env.data_folder()))
    _raise_on_signals()
    try:
        with step("Waiting for an earlier start to end"):
            lock.acquire()
        _start(fleet, (lock.children,))
        _watch(fleet)
    except StopRequestedError:
        say("Stopping ...")
    finally:
        _hurry_on_signals(fleet)
        fleet.stop()
        lock.release()
    say("Stopped.")


def _refuse_bad_variables() -> None:
    """Read what is needed later, so that a mistake shows before anything starts."""
    env.port()
    env.demo()


def _start(fleet: Fleet, inherited: tuple[int, ...]) -> None:
    where = embedded.paths(env.data_folder())
    preparation.refuse_taken_port(env.port())
    preparation.refuse_missing_packages()
    _start_servers(fleet, where, inherited)
    with step("Bringing the database schema up to date"):
        preparation.migrate()
    with step("Collecting static files"):
        preparation.collect_static()
    if env.demo() and preparation.is_empty():
        _load_demo(fleet, where, inherited)
    new_firm = preparation.is_empty()
    preparation.let_go()
    web = fleet.launch(services.web(where, inherited))
    fleet.launch(services.worker(where, inherited))
    fleet.launch(services.beat(where, inherited))
    with step("Starting web, worker and beat"):
        _await_ready(fleet, web)
    if not new_firm:
        _value_first(where)
    _announce(new_firm=new_firm)


def _start_servers(
    fleet: Fleet, where: embedded.Paths, inherited: tuple[int, ...]
) -> None:
    if env.external_database() and env.external_redis():
        where.logs.mkdir(mode=0o700, exist_ok=True)
        return
    embedded.prepare(where)
    if not env.external_database():
        with step("Starting PostgreSQL"):
            fleet.add_server(embedded.start_postgres(where, inherited=inherited))
    if not env.external_redis():
        with step("Starting Valkey"):
            fleet.add_server(embedded.start_valkey(where, inherited=inherited))


def _load_demo(fleet: Fleet, where: embedded.Paths, inherited: tuple[int, ...]) -> None:
    if preparation.exists(services.LOAD_DEMO):
        with step("Loading the demo firm"):
            fleet.run(services.manage(services.LOAD_DEMO, where, inherited))


def _value_first(where: embedded.Paths) -> None:
    """Have a worker value a firm that was never valued.

    In this process, because on every later start it only asks one question. The
    product serves without values too, so a failure is told and not fatal.
    """
    if not preparation.exists(services.FIRST_VALUE):
        return
    log = where.log(services.FIRST_VALUE)
    with step("Valuing every account"), log.open("a", encoding="utf-8") as output:
        try:
            call_command(services.FIRST_VALUE, stdout=output, stderr=output)
        except (CommandError, DatabaseError) as error:
            say(f"The first valuation failed: {error}. The page Runs tells more.")
    preparation.let_go()


def _await_ready(fleet: Fleet, web: Watched) -> None:
    """Wait until the product itself says that it is ready."""
    deadline = time.monotonic() + READY_WITHIN
    while _answer("/readyz") != OK:
        ended = web.process.poll() is not None
        if ended or time.monotonic() > deadline:
            reason = "ended" if ended else "does not say that it is ready"
            raise embedded.EmbeddedError(
                f"The web server {reason}. Its log {web.command.log} ends with:\n"
                f"{tail(web.command.log)}"
            )
        fleet.look()
        time.sleep(0.1)


def _answer(path: str) -> int:
    connection = http.client.HTTPConnection(preparation.HOST, env.port(), timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _announce(*, new_firm: bool) -> None:
    address = f"http://{preparation.HOST}:{env.port()}"
    say(f"Perennial is ready: {address}")
    if new_firm:
        say(f"Nobody has an account yet: {address}/ makes the administrator.")
    elif env.demo() and preparation.exists(services.DEMO_LOGINS):
        call_command(services.DEMO_LOGINS)
        preparation.let_go()


def _watch(fleet: Fleet) -> None:
    while True:
        fleet.look()
        time.sleep(0.5)


def _raise_on_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # Until the end is under way; a second signal then makes it quick.
        _handle_signals(lambda *_: None)
        raise StopRequestedError

    _handle_signals(stop)


def _hurry_on_signals(fleet: Fleet) -> None:
    def hurry(_number: int, _frame: FrameType | None) -> None:
        fleet.hurry = True

    _handle_signals(hurry)


def _handle_signals(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    # Under nohup the end of the terminal is not ours to hear.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)
