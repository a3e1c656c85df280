"""A KServe client with nothing but Python's own library. Usage: http_client.py HOST:PORT"""
import gzip
import http.client
import json
import struct
import sys

connection = http.client.HTTPConnection(sys.argv[1], timeout=20)


def ask(method, path, body=None, headers=None):
    """One request over the one connection, which must stay open: status, headers, body."""
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def infer(model, document, binary=b"", headers=None):
    """An inference request, with tensors after the JSON or without: the JSON of the answer and the bytes of its binary outputs by name."""
    head = json.dumps(document).encode()
    headers = dict(headers or {})
    if binary:
        headers["Inference-Header-Content-Length"] = str(len(head))
    status, got, body = ask("POST", "/v2/models/%s/infer" % model, head + binary, headers)
    length = int(got.get("Inference-Header-Content-Length", len(body)))
    answer, position, tensors = json.loads(body[:length]), length, {}
    for output in answer.get("outputs", []):
        size = output.get("parameters", {}).get("binary_data_size")
        if size is not None:
            tensors[output["name"]] = body[position:position + size]
            position += size
    assert position == len(body), "bytes are left over"
    return status, answer, tensors


def fp32(name, values):
    return {"name": name, "datatype": "FP32", "shape": [1, 16], "data": values}


for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/add_sub/ready"):
    assert ask("GET", path)[0] == 200, path
status, _, body = ask("GET", "/v2/models/add_sub")
assert status == 200 and [one["name"] for one in json.loads(body)["inputs"]] == ["INPUT0", "INPUT1"], body

ones, counting = [1.0] * 16, [float(i) for i in range(16)]
request = {"id": "json", "inputs": [fp32("INPUT0", counting), fp32("INPUT1", ones)]}
status, answer, _ = infer("add_sub", request)
outputs = {one["name"]: one["data"] for one in answer["outputs"]}
assert status == 200 and answer["id"] == "json", answer
assert outputs["OUTPUT0"] == [i + 1 for i in counting] and outputs["OUTPUT1"] == [i - 1 for i in counting], answer

# One input after the JSON and one in it; one output each way.
mixed = {
    "inputs": [
        {"name": "INPUT0", "datatype": "FP32", "shape": [1, 16], "parameters": {"binary_data_size": 64}},
        fp32("INPUT1", ones),
    ],
    "outputs": [{"name": "OUTPUT0", "parameters": {"binary_data": True}}, {"name": "OUTPUT1"}],
}
status, answer, tensors = infer("add_sub", mixed, struct.pack("<16f", *counting))
assert status == 200 and list(struct.unpack("<16f", tensors["OUTPUT0"])) == [i + 1 for i in counting], answer
assert [one["data"] for one in answer["outputs"] if one["name"] == "OUTPUT1"] == [[i - 1 for i in counting]], answer

binary = {
    "parameters": {"binary_data_output": True},
    "inputs": [{"name": name, "datatype": "FP32", "shape": [1, 16], "parameters": {"binary_data_size": 64}} for name in ("INPUT0", "INPUT1")],
}
status, answer, tensors = infer("add_sub", binary, struct.pack("<32f", *counting, *ones))
assert status == 200 and list(struct.unpack("<16f", tensors["OUTPUT1"])) == [i - 1 for i in counting], answer

status, got, body = ask("POST", "/v2/models/add_sub/infer", gzip.compress(json.dumps(request).encode()), {"Content-Encoding": "gzip", "Accept-Encoding": "gzip"})
assert status == 200 and got["Content-Encoding"] == "gzip" and json.loads(gzip.decompress(body))["id"] == "json"

for wrong, expected, word in (
    ({"inputs": [fp32("INPUT0", ones)]}, 400, "INPUT1"),
    ({"inputs": [fp32("INPUT0", ones[:15]), fp32("INPUT1", ones)]}, 400, "INPUT0"),
    ({"inputs": [fp32("INPUT0", ["x"] * 16), fp32("INPUT1", ones)]}, 400, "INPUT0"),
):
    status, answer, _ = infer("add_sub", wrong)
    assert status == expected and list(answer) == ["error"] and word in answer["error"], answer
status, answer, _ = infer("nothing", request)
assert status == 404 and "nothing" in answer["error"], answer

status, answer, _ = infer("add_sub", request)
assert status == 200, "the connection does not serve after mistakes"
print("ok http")
