#!/usr/bin/env python3
"""What logs and traces cost: requests a second of two servers, one of which observes more, pair after pair of fresh processes.

    observing.py <published server> <model repository> <on | log | trace> [pairs] [rounds]

on: everything at its default and one request in a hundred traced. log: every request in the log. trace: every request
traced. Each against the same server without metrics to scrape, lines of requests and traces. Needs wrk. One start of a
server differs from the next by some per cent, so that rounds of one pair say little: the mean over the pairs counts.
"""
import math
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PORTS = (18400, 18500)
CONNECTIONS = (1, 8)
BODY = ('{"inputs":[{"name":"INPUT0","datatype":"FP32","shape":[1,16],"data":[%s]},'
        '{"name":"INPUT1","datatype":"FP32","shape":[1,16],"data":[%s]}]}') % (",".join(["2"] * 16), ",".join(["1"] * 16))
BARE = ["--allow-metrics=false", "--log-requests=off"]


def flags(kind, folder):
    trace = [f"--trace-config=triton,file={folder}/trace.json", "--trace-config=triton,log-frequency=1000", "--trace-config=level=TIMESTAMPS"]
    return {
        "on": trace + ["--trace-config=rate=100"],
        "log": ["--allow-metrics=false", "--log-requests-per-second=1000000"],
        "trace": BARE + trace + ["--trace-config=rate=1"],
    }[kind]


def start(program, repository, port, more, log):
    arguments = [program, f"--model-repository={repository}", f"--http-port={port}", f"--grpc-port={port + 1}", f"--metrics-port={port + 2}"]
    process = subprocess.Popen(arguments + more, stdout=subprocess.DEVNULL, stderr=log)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready").close()
            return process
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the server did not become ready")


def ask(script, port, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{port}/v2/models/add_sub/infer"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", told).group(1))


def measure_pair(program, repository, kind, folder, script, number, rounds):
    ports = PORTS if number % 2 else PORTS[::-1]
    with open(os.path.join(folder, "log"), "w", encoding="utf-8") as log:
        servers = [(ports[0], flags(kind, folder)), (ports[1], BARE)]
        started = [start(program, repository, port, more, log) for port, more in (servers if number % 4 < 2 else servers[::-1])]
        try:
            for _ in range(2):
                for port in ports:
                    ask(script, port, max(CONNECTIONS), 2)
            ratios = []
            for connections in CONNECTIONS:
                rates = ([], [])
                for turn in range(rounds):
                    for side in ((0, 1) if turn % 2 else (1, 0)):
                        rates[side].append(ask(script, ports[side], connections, 1))
                ratios.append(math.log(statistics.mean(rates[0]) / statistics.mean(rates[1])))
            return ratios
        finally:
            for process in started:
                process.send_signal(signal.SIGTERM)
            for process in started:
                process.wait()


def main():
    program, repository, kind = sys.argv[1:4]
    pairs, rounds = (int(text) for text in (sys.argv[4:6] + ["26", "4"][len(sys.argv) - 4:]))
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "post.lua")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n")
        found = []
        for number in range(pairs):
            found.append(measure_pair(program, repository, kind, folder, script, number, rounds))
            print(f"pair {number + 1}:", " ".join(f"x{count} {math.exp(ratio):.3f}" for count, ratio in zip(CONNECTIONS, found[-1])), flush=True)
    for place, count in enumerate(CONNECTIONS):
        ratios = [pair[place] for pair in found]
        middle, error = statistics.mean(ratios), statistics.stdev(ratios) / math.sqrt(pairs) if pairs > 1 else 0
        print(f"{count} connections: {math.exp(middle):.3f} ({math.exp(middle - 2 * error):.3f} to {math.exp(middle + 2 * error):.3f}), lowest {math.exp(min(ratios)):.2f}, highest {math.exp(max(ratios)):.2f}")


if __name__ == "__main__":
    main()
