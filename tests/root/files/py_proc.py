# SPDX-License-Identifier: MIT
"""Processes, threads, signals, sockets and memory maps from Python; compared with native."""
import asyncio
import concurrent.futures
import mmap
import multiprocessing
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


def square(x):
    return x * x


def add_many(counter, n):
    for _ in range(n):
        with counter.get_lock():
            counter.value += 1


def subprocesses():
    print(subprocess.run(["echo", "hello"], capture_output=True, text=True).stdout.strip())
    print(subprocess.run("exit 3", shell=True).returncode)
    p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    print(len(p.communicate(b"x" * 300000)[0]))
    for bad in (["/nonexistent"], ["/tmp"], ["/etc/passwd"]):
        try:
            subprocess.run(bad)
        except OSError as e:
            print(type(e).__name__, e.errno)
    try:
        subprocess.run(["sleep", "10"], timeout=0.2)
    except subprocess.TimeoutExpired:
        print("timeout")
    p = subprocess.Popen(["sleep", "10"])
    p.terminate()
    print(p.wait())
    out = subprocess.run([sys.executable, "-c", "import os, sys; print(os.environ['A'], sys.argv[1:], os.getcwd())",
                          "b c", ""], env={"A": "1"}, cwd="/", capture_output=True, text=True)
    print(out.stdout.strip(), out.stderr.strip())
    r = subprocess.run("seq 1000 | grep 9 | wc -l", shell=True, capture_output=True, text=True)
    print(r.stdout.strip())


def threads():
    lock, total = threading.Lock(), [0]

    def work():
        for _ in range(2000):
            with lock:
                total[0] += 1
    ts = [threading.Thread(target=work) for _ in range(8)]
    for t in ts:
        t.start()
    for t in ts:
        t.join()
    print(total[0])
    q, got = queue.Queue(10), []

    def consume():
        while (v := q.get()) is not None:
            got.append(v)
    c = threading.Thread(target=consume)
    c.start()
    for i in range(1000):
        q.put(i)
    q.put(None)
    c.join()
    print(sum(got))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print(sum(pool.map(square, range(1000))))
    b = threading.Barrier(4)
    e = threading.Event()
    order = []

    def meet():
        b.wait()
        e.wait()
        order.append(1)
    ts = [threading.Thread(target=meet) for _ in range(4)]
    for t in ts:
        t.start()
    e.set()
    for t in ts:
        t.join()
    print(len(order), threading.active_count())


def processes():
    with multiprocessing.Pool(4) as pool:
        print(sum(pool.map(square, range(200))))
    counter = multiprocessing.Value("i", 0)
    ps = [multiprocessing.Process(target=add_many, args=(counter, 500)) for _ in range(4)]
    for p in ps:
        p.start()
    for p in ps:
        p.join()
    print(counter.value, [p.exitcode for p in ps])
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(w, b"from the child")
        os._exit(6)
    print(os.read(r, 100), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        print(list(pool.map(square, range(5))))


def signals():
    got = []
    signal.signal(signal.SIGUSR1, lambda s, f: got.append(s))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    end = time.monotonic() + 5
    while got.count(signal.SIGALRM) < 5 and time.monotonic() < end:
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(got.count(signal.SIGUSR1), got.count(signal.SIGALRM) >= 5)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    os.kill(os.getpid(), signal.SIGUSR2)
    print(signal.sigpending(), signal.sigwait([signal.SIGUSR2]))
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        print("KeyboardInterrupt")


def sockets():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]

    def serve():
        conn, _ = server.accept()
        with conn:
            while data := conn.recv(65536):
                conn.sendall(data.upper())
    t = threading.Thread(target=serve)
    t.start()
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"abc" * 1000)
        s.shutdown(socket.SHUT_WR)
        total = b""
        while part := s.recv(65536):
            total += part
    t.join()
    print(len(total), total[:6])
    a, b = socket.socketpair()
    r, w = os.pipe()
    socket.send_fds(a, [b"fd"], [r])
    msg, fds, _, _ = socket.recv_fds(b, 10, 1)
    os.write(w, b"through")
    print(msg, os.read(fds[0], 20))
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", 0))
    u.sendto(b"datagram", u.getsockname())
    print(u.recvfrom(100)[0], select.select([u], [], [], 0)[0])
    poll = select.epoll()
    poll.register(a, select.EPOLLIN)
    b.send(b"x")
    print([e for _, e in poll.poll(1)] == [select.EPOLLIN])
    try:
        socket.create_connection(("127.0.0.1", 1), timeout=2)
    except ConnectionRefusedError as e:
        print("refused", e.errno)


async def echo(reader, writer):
    while data := await reader.readline():
        writer.write(data[::-1])
        await writer.drain()
    writer.close()


async def client(port, n):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for i in range(20):
        writer.write(b"%d %d\n" % (n, i))
        total += len((await reader.readexactly(len(b"%d %d\n" % (n, i)))))
    writer.close()
    return total


async def asyncs():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(sum(await asyncio.gather(*(client(port, n) for n in range(10)))))
    server.close()
    p = await asyncio.create_subprocess_exec("sort", stdin=-1, stdout=-1)
    print((await p.communicate(b"b\na\n"))[0])
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError:
        print("TimeoutError")


def files():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "f")
        with open(path, "wb") as f:
            f.truncate(100000)
        with open(path, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
            m[5000:5005] = b"hello"
            m.flush()
            print(m.find(b"hello"))
        with open(path, "rb") as f:
            f.seek(5000)
            print(f.read(5), os.stat(path).st_size, oct(os.stat(path).st_mode))
        os.symlink("f", os.path.join(d, "l"))
        print(sorted(os.listdir(d)), os.readlink(os.path.join(d, "l")))
        with os.scandir(d) as it:
            print(sorted((e.name, e.is_symlink()) for e in it))
    print(time.clock_gettime(time.CLOCK_MONOTONIC) > 0, abs(time.time() - time.time_ns() / 1e9) < 1)


if __name__ == "__main__":
    for part in (subprocesses, threads, processes, signals, sockets, files):
        print("--", part.__name__, flush=True)
        part()
    asyncio.run(asyncs())
    print("done")
