"""A client with the stubs that protoc makes. Usage: rpc_client.py ADDRESS PART...

Each part asks the server and asserts its answers; the first that is wrong ends the script with 1.
"""
import queue
import struct
import sys

import grpc
import grpc_service_pb2 as pb
import grpc_service_pb2_grpc as stubs

TIMEOUT = 20


def int32(name, values):
    return pb.ModelInferRequest.InferInputTensor(
        name=name, datatype="INT32", shape=[len(values)], contents=pb.InferTensorContents(int_contents=values))


def uint32(name, values):
    return pb.ModelInferRequest.InferInputTensor(
        name=name, datatype="UINT32", shape=[len(values)], contents=pb.InferTensorContents(uint_contents=values))


def values(response, index=0):
    raw = response.raw_output_contents[index]
    return list(struct.unpack("<%di" % (len(raw) // 4), raw))


def expect_code(code, words, call, request):
    try:
        call(request, timeout=TIMEOUT)
    except grpc.RpcError as error:
        assert error.code() == code, error
        for word in words:
            assert word in error.details(), error
    else:
        raise AssertionError("expected %s" % code)


def is_ready(stub, name):
    try:
        return stub.ModelReady(pb.ModelReadyRequest(name=name), timeout=TIMEOUT).ready
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAVAILABLE), error
        return False


def server(stub):
    assert stub.ServerLive(pb.ServerLiveRequest(), timeout=TIMEOUT).live
    assert stub.ServerReady(pb.ServerReadyRequest(), timeout=TIMEOUT).ready
    assert is_ready(stub, "plain")
    assert "parameters" in stub.ServerMetadata(pb.ServerMetadataRequest(), timeout=TIMEOUT).extensions
    metadata = stub.ModelMetadata(pb.ModelMetadataRequest(name="plain"), timeout=TIMEOUT)
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.inputs] == [("X", "INT32", [-1])], metadata
    assert [(t.name, t.datatype, list(t.shape)) for t in metadata.outputs] == [("Y", "INT32", [-1])], metadata
    config = stub.ModelConfig(pb.ModelConfigRequest(name="repeater"), timeout=TIMEOUT).config
    assert config.backend == "repeat" and config.model_transaction_policy.decoupled, config


def infer(stub):
    typed = pb.ModelInferRequest(model_name="plain", id="typed", inputs=[int32("X", [1, -2, 2147483647])])
    response = stub.ModelInfer(typed, timeout=TIMEOUT)
    assert (response.model_name, response.model_version, response.id) == ("plain", "1", "typed"), response
    assert [(o.name, o.datatype, list(o.shape)) for o in response.outputs] == [("Y", "INT32", [3])], response
    assert values(response) == [1, -2, 2147483647], response

    raw = pb.ModelInferRequest(
        model_name="plain",
        inputs=[pb.ModelInferRequest.InferInputTensor(name="X", datatype="INT32", shape=[2])],
        outputs=[pb.ModelInferRequest.InferRequestedOutputTensor(name="Y")],
        raw_input_contents=[struct.pack("<2i", 7, -8)])
    assert values(stub.ModelInfer(raw, timeout=TIMEOUT)) == [7, -8]

    several = [stub.ModelInfer.future(pb.ModelInferRequest(model_name="plain", inputs=[int32("X", [i, i])]), timeout=TIMEOUT) for i in range(50)]
    assert [values(one.result()) for one in several] == [[i, i] for i in range(50)]

    expect_code(grpc.StatusCode.NOT_FOUND, ["nothing"], stub.ModelInfer, pb.ModelInferRequest(model_name="nothing"))
    short = pb.ModelInferRequest(id="short", model_name="plain", inputs=[pb.ModelInferRequest.InferInputTensor(name="X", datatype="INT32", shape=[2])], raw_input_contents=[b"123"])
    expect_code(grpc.StatusCode.INVALID_ARGUMENT, ["short", "X", "8", "3"], stub.ModelInfer, short)
    expect_code(grpc.StatusCode.INVALID_ARGUMENT, ["X", "FP32", "INT32"], stub.ModelInfer, pb.ModelInferRequest(
        model_name="plain", inputs=[pb.ModelInferRequest.InferInputTensor(name="X", datatype="FP32", shape=[1])], raw_input_contents=[b"1234"]))


def stream(stub):
    requests = queue.Queue()
    answers = stub.ModelStreamInfer(iter(requests.get, None), timeout=TIMEOUT)

    requests.put(pb.ModelInferRequest(id="one", model_name="plain", inputs=[int32("X", [5])]))
    answer = next(answers)
    assert (answer.error_message, answer.infer_response.id, values(answer.infer_response)) == ("", "one", [5]), answer

    # A decoupled model answers as often as it likes, and says which answer is the last.
    repeat = pb.ModelInferRequest(id="many", model_name="repeater", inputs=[int32("IN", [10, 20, 30]), uint32("DELAY", [0, 0, 0]), uint32("WAIT", [0])])
    repeat.parameters["triton_enable_empty_final_response"].bool_param = True
    requests.put(repeat)
    for expected in ([10], [20], [30]):
        answer = next(answers).infer_response
        assert answer.id == "many" and not answer.parameters["triton_final_response"].bool_param, answer
        index = [output.name for output in answer.outputs].index("OUT")
        assert values(answer, index) == expected, answer
    answer = next(answers).infer_response
    assert answer.id == "many" and not answer.outputs and answer.parameters["triton_final_response"].bool_param, answer

    # A mistake is told in the stream, which goes on.
    requests.put(pb.ModelInferRequest(id="wrong", model_name="nothing"))
    assert "nothing" in next(answers).error_message
    requests.put(pb.ModelInferRequest(id="two", model_name="plain", inputs=[int32("X", [6])]))
    assert values(next(answers).infer_response) == [6]

    requests.put(None)
    assert list(answers) == []


def statistics(stub):
    before = stub.ModelStatistics(pb.ModelStatisticsRequest(name="squarer"), timeout=TIMEOUT).model_stats[0]
    assert (before.name, before.version) == ("squarer", "1"), before
    answers = stub.ModelStreamInfer(iter([pb.ModelInferRequest(model_name="squarer", inputs=[int32("IN", [2])])]), timeout=TIMEOUT)
    assert [values(answer.infer_response) for answer in answers] == [[2], [2]]

    # The counters may be brought up to date a moment after the answer has left.
    for _ in range(100):
        after = stub.ModelStatistics(pb.ModelStatisticsRequest(name="squarer", version="1"), timeout=TIMEOUT).model_stats[0]
        if after.inference_count == before.inference_count + 1:
            break
    assert after.inference_count == before.inference_count + 1, after
    assert after.inference_stats.success.count == before.inference_stats.success.count + 1, after
    everything = stub.ModelStatistics(pb.ModelStatisticsRequest(), timeout=TIMEOUT).model_stats
    assert {"plain", "squarer", "repeater"} <= {one.name for one in everything}, everything
    expect_code(grpc.StatusCode.INVALID_ARGUMENT, ["nothing"], stub.ModelStatistics, pb.ModelStatisticsRequest(name="nothing"))


def index(stub):
    models = stub.RepositoryIndex(pb.RepositoryIndexRequest(), timeout=TIMEOUT).models
    assert ("plain", "1", "READY") in [(one.name, one.version, one.state) for one in models], models
    ready = stub.RepositoryIndex(pb.RepositoryIndexRequest(ready=True), timeout=TIMEOUT).models
    assert all(one.state == "READY" for one in ready), ready


def control(stub):
    """For a server in explicit mode that has loaded nothing."""
    request = pb.ModelInferRequest(model_name="plain", inputs=[int32("X", [1])])
    assert not is_ready(stub, "plain")
    stub.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name="plain"), timeout=TIMEOUT)
    assert is_ready(stub, "plain")
    assert values(stub.ModelInfer(request, timeout=TIMEOUT)) == [1]
    index(stub)
    stub.RepositoryModelUnload(pb.RepositoryModelUnloadRequest(model_name="plain"), timeout=TIMEOUT)
    for _ in range(1000):
        if not is_ready(stub, "plain"):
            break
    assert not is_ready(stub, "plain")
    try:
        stub.RepositoryModelLoad(pb.RepositoryModelLoadRequest(model_name="nothing"), timeout=TIMEOUT)
    except grpc.RpcError as error:
        assert "nothing" in error.details(), error
    else:
        raise AssertionError("a model that is not there was loaded")


PARTS = {one.__name__: one for one in (server, infer, stream, statistics, index, control)}

with grpc.insecure_channel(sys.argv[1]) as channel:
    for part in sys.argv[2:]:
        PARTS[part](stubs.GRPCInferenceServiceStub(channel))
        print("ok", part)
