"""The way out: nowhere but to the hosts of the settings, at addresses that were looked at, and not for ever."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import channels.channel
from channels.channel import fetch, open_client
from channels.outward import REMEMBER_SECONDS, Outward
from core.errors import Ambiguous, Unreachable
from core.networks import is_public
from tests.fakes.loopback import LOOPBACK, Loopback

HOST = "api.provider.example"
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1")
PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254",
    "169.254.170.2", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "255.255.255.255", "::", "::1", "fe80::1",
    "fec0::1", "fd00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "localhost", "", "8.8.8.8.8",
)  # fmt: skip


class Wire:
    """Stands where connections are made, and notes to which address they would go."""

    def __init__(self, refuse: tuple[str, ...] = ()) -> None:
        self.requests: list[httpx.Request] = []
        self.refuse = refuse
        self.opened = 0

    def connections(self) -> httpx.AsyncBaseTransport:
        self.opened += 1
        return httpx.MockTransport(self.take)

    def take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.host in self.refuse:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, text="hello")

    @property
    def addresses(self) -> list[str]:
        return [request.url.host for request in self.requests]


class Names:
    """A name server whose answer changes from question to question."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return list(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])


def client(names: Names, wire: Wire, *, private: tuple[str, ...] = (), hosts=(HOST,), **more) -> httpx.AsyncClient:
    return open_client(Outward(hosts, private, resolve=names, connections=wire.connections, **more))


async def ask(of: httpx.AsyncClient, url: str = f"https://{HOST}/send") -> httpx.Response:
    return await fetch(of, of.build_request("POST", url, content=b"words"))


@pytest.mark.parametrize("address", PUBLIC)
async def test_a_public_address_is_called_under_the_name_that_was_meant(address: str) -> None:
    wire = Wire()
    async with client(Names((address,)), wire) as out:
        assert (await ask(out)).text == "hello"
    (request,) = wire.requests
    assert request.url.host == address
    assert request.headers["host"] == HOST
    assert request.extensions["sni_hostname"] == HOST


@pytest.mark.parametrize("address", PRIVATE)
async def test_no_address_of_our_own_networks_is_ever_called(address: str) -> None:
    assert not is_public(address)
    wire = Wire()
    async with client(Names((address,)), wire) as out:
        with pytest.raises(Unreachable):
            await ask(out)
    assert wire.requests == []


async def test_of_a_mixed_answer_only_the_public_addresses_are_called() -> None:
    wire = Wire(refuse=("8.8.8.8",))
    async with client(Names(("169.254.169.254", "8.8.8.8", "127.0.0.1")), wire) as out:
        with pytest.raises(Unreachable):
            await ask(out)
    assert wire.addresses == ["8.8.8.8"]


async def test_a_name_that_leads_elsewhere_a_moment_later_leads_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the address that was looked at is the one that is connected to; nobody asks a second time."""

    def never(*_: object, **__: object) -> list[object]:
        raise AssertionError("the system's own resolver was asked")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    names, wire, now = Names(("8.8.8.8",), ("127.0.0.1",)), Wire(), [0.0]
    async with client(names, wire, clock=lambda: now[0]) as out:
        await ask(out)
        await ask(out)
        assert (wire.addresses, names.asked) == (["8.8.8.8"] * 2, [HOST])
        now[0] = REMEMBER_SECONDS + 1
        with pytest.raises(Unreachable):
            await ask(out)
    assert wire.addresses == ["8.8.8.8"] * 2


async def test_where_one_address_does_not_answer_the_next_is_tried_and_asked_for_anew() -> None:
    names, wire = Names(("8.8.8.8", "1.1.1.1")), Wire(refuse=("8.8.8.8",))
    async with client(names, wire) as out:
        assert (await ask(out)).content == b"hello"
        await ask(out)
    assert wire.addresses == ["8.8.8.8", "1.1.1.1"] * 2
    assert len(names.asked) == 2


async def test_two_names_at_one_address_share_no_connection() -> None:
    wire = Wire()
    async with client(Names(("8.8.8.8",)), wire, hosts=(HOST, "other.example")) as out:
        await ask(out)
        await ask(out, "https://other.example/")
        await ask(out)
    assert wire.opened == 2


@pytest.mark.parametrize("url", ["https://elsewhere.example/", f"https://{HOST}.evil.example/", "https://8.8.8.8/"])
async def test_a_host_that_is_not_in_the_settings_is_not_even_looked_up(url: str) -> None:
    names, wire = Names(("8.8.8.8",)), Wire()
    async with client(names, wire) as out:
        with pytest.raises(Unreachable):
            await ask(out, url)
    assert (names.asked, wire.requests) == ([], [])


async def test_without_hosts_nothing_is_called() -> None:
    async with open_client() as out:
        with pytest.raises(Unreachable):
            await ask(out)


async def test_a_name_that_leads_nowhere_is_unreachable() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "unknown")

    wire = Wire()
    async with open_client(Outward((HOST,), (), resolve=nowhere, connections=wire.connections)) as out:
        with pytest.raises(Unreachable):
            await ask(out)


async def test_a_host_that_the_operator_names_may_be_ours_but_never_one_of_the_link() -> None:
    wire = Wire()
    async with client(Names(("10.0.0.5",)), wire, private=(HOST,)) as out:
        await ask(out)
    for address in ("169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"):
        async with client(Names((address,)), wire, private=(HOST,)) as out:
            with pytest.raises(Unreachable):
                await ask(out)
    assert wire.addresses == ["10.0.0.5"]


# over real connections


@pytest.fixture
def taken() -> list[str]:
    return []


@pytest.fixture
def server(taken: list[str]) -> Iterator[Loopback]:
    def take(method: str, path: str, headers, body: bytes):
        taken.append(f"{headers['host']}{path}")
        if path == "/away":
            return 302, {"location": f"http://localhost:{running.port}/inside"}, b""
        if path == "/long":
            return 200, {}, b"x" * (channels.channel.ANSWER_BYTES + 1)
        return 200, {}, b"hello"

    running = Loopback(take, lambda: 0.0)
    running.start()
    yield running
    running.close()


async def test_a_fake_of_the_machine_is_called_only_when_it_is_named(server: Loopback, taken: list[str]) -> None:
    url = f"http://127.0.0.1:{server.port}/"
    async with open_client(hosts=("127.0.0.1",)) as out:
        with pytest.raises(Unreachable):
            await ask(out, url)
    assert taken == []
    async with open_client(**LOOPBACK) as out:
        assert (await ask(out, url)).text == "hello"
    assert taken == [f"127.0.0.1:{server.port}/"]


async def test_a_name_is_looked_up_by_the_system_and_refused_when_it_is_this_machine(
    server: Loopback, taken: list[str]
) -> None:
    async with open_client(hosts=("localhost",)) as out:
        with pytest.raises(Unreachable):
            await ask(out, f"http://localhost:{server.port}/")
    assert taken == []
    async with open_client(hosts=("localhost",), private=("localhost",)) as out:
        assert (await ask(out, f"http://localhost:{server.port}/")).text == "hello"


async def test_a_redirect_is_an_answer_and_is_not_followed(server: Loopback, taken: list[str]) -> None:
    async with open_client(**LOOPBACK) as out:
        assert (await ask(out, f"http://127.0.0.1:{server.port}/away")).status_code == 302
    assert taken == [f"127.0.0.1:{server.port}/away"]


async def test_an_answer_that_is_too_long_is_not_read(server: Loopback) -> None:
    async with open_client(**LOOPBACK) as out:
        with pytest.raises(Ambiguous, match="too long"):
            await ask(out, f"http://127.0.0.1:{server.port}/long")


async def test_a_byte_now_and_then_holds_nobody_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"words")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        writer.close()
        await writer.wait_closed()
        gone.set()

    monkeypatch.setattr(channels.channel, "WHOLE_SECONDS", 0.3)
    async with await asyncio.start_server(drip, "127.0.0.1", 0) as slow, open_client(**LOOPBACK) as out:
        async with asyncio.timeout(5):
            with pytest.raises(Ambiguous):
                await ask(out, f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/")
            await gone.wait()


# the certificate is that of the name


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for a name, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / f"{name}.crt", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )  # fmt: skip
    return paths


class Hello(BaseHTTPRequestHandler):
    """Says hello, and nothing to the terminal."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """A client that does not believe us is no error here."""

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def secured(folder: Path, name: str) -> Iterator[tuple[int, Callable[[], httpx.AsyncBaseTransport], list[str]]]:
    """Run a server with a certificate for a name; give its port, connections that believe it, and the names asked."""
    crt, key = certificate(folder, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(crt, key)
    asked: list[str] = []
    context.sni_callback = lambda _, server_name, __: asked.append(server_name)
    believing = ssl.create_default_context(cafile=crt)
    server = Server(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port, lambda: httpx.AsyncHTTPTransport(verify=believing), asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("name", "good"), [(HOST, True), ("evil.example", False)])
async def test_the_certificate_is_checked_for_the_name_though_an_address_is_called(
    tmp_path: Path, name: str, good: bool
) -> None:
    with secured(tmp_path, name) as (port, connections, asked):
        outward = Outward((HOST,), (HOST,), resolve=Names(("127.0.0.1",)), connections=connections)
        async with open_client(outward) as out:
            if good:
                assert (await ask(out, f"https://{HOST}:{port}/")).text == "hello"
            else:
                with pytest.raises(Unreachable):
                    await ask(out, f"https://{HOST}:{port}/")
    assert asked == [HOST]


def test_the_lists_of_addresses_are_what_they_claim() -> None:
    """None of the public ones is a typing error: each is one that the library calls an address."""
    assert all(ipaddress.ip_address(address) for address in PUBLIC)
