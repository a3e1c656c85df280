#!/usr/bin/env python3
"""Make the model repositories of the recorded exchanges (needs python3-onnx). Writes beside itself.
Every model is a handful of ONNX nodes; configurations are written here as text."""
import os, sys
import numpy as np
from onnx import TensorProto as T, helper as h, numpy_helper as nh

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"bool": T.BOOL, "uint8": T.UINT8, "uint16": T.UINT16, "uint32": T.UINT32, "uint64": T.UINT64, "int8": T.INT8,
         "int16": T.INT16, "int32": T.INT32, "int64": T.INT64, "fp16": T.FLOAT16, "fp32": T.FLOAT, "fp64": T.DOUBLE,
         "string": T.STRING, "bf16": T.BFLOAT16}


class Repo:
    def __init__(self, root, name):
        self.dir = os.path.join(root, name)

    def put(self, path, data):
        p = os.path.join(self.dir, path)
        os.makedirs(os.path.dirname(p), exist_ok=True)
        with open(p, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def model(self, name, config, onnx=None, versions=(1,), files=None):
        """onnx: bytes, or a function version -> bytes, or None (no ONNX file: a marker keeps the directory)."""
        if config is not None:
            self.put(name + "/config.pbtxt", config.strip() + "\n")
        for v in versions:
            if onnx is None:
                self.put("%s/%s/.keep" % (name, v), "")
            else:
                self.put("%s/%s/model.onnx" % (name, v), onnx(v) if callable(onnx) else onnx)
        for k, d in (files or {}).items():
            self.put(name + "/" + k, d)


def onnx_of(ins, outs, nodes, inits=None, opset=13, extra_inputs=()):
    """ins/outs: {name: (type, shape)}; nodes: (op, [in], [out], {attr}); inits: {name: array}."""
    vi = lambda d: [h.make_tensor_value_info(n, TYPES[t], s) for n, (t, s) in d.items()]
    g = h.make_graph([h.make_node(o, i, u, **(a[0] if a else {})) for o, i, u, *a in nodes], "g", vi(ins), vi(outs),
                     [nh.from_array(np.asarray(a), n) for n, a in (inits or {}).items()])
    m = h.make_model(g, opset_imports=[h.make_opsetid("", opset)], producer_name="test-models")
    m.ir_version = 7
    return m.SerializeToString()


def echo(t, shape, a="IN", b="OUT"):
    return onnx_of({a: (t, shape)}, {b: (t, shape)}, [("Identity", [a], [b])])


def add_sub(t, shape, names=("A", "B", "SUM", "DIFF")):
    a, b, s, d = names
    return onnx_of({a: (t, shape), b: (t, shape)}, {s: (t, shape), d: (t, shape)}, [("Add", [a, b], [s]), ("Sub", [a, b], [d])])


def times(k, t="fp32", shape=("n",), a="X", b="Y"):
    np_t = {"fp32": np.float32, "int32": np.int32, "int64": np.int64, "fp64": np.float64}[t]
    return onnx_of({a: (t, shape)}, {b: (t, shape)}, [("Mul", [a, "k"], [b])], {"k": np.array(k, np_t)})


def io(kind, name, t, dims, extra=""):
    return '%s [ { name: "%s" data_type: TYPE_%s dims: [ %s ] %s } ]\n' % (kind, name, t.upper(), ", ".join(map(str, dims)), extra)


def cfg(ins, outs, mbs=0, more="", backend="onnxruntime"):
    s = 'backend: "%s"\nmax_batch_size: %d\n' % (backend, mbs)
    return s + "".join(io("input", *i) for i in ins) + "".join(io("output", *o) for o in outs) + more


ONE = "instance_group [ { kind: KIND_CPU count: 1 } ]\n"


def gather(table, t="fp32"):
    return onnx_of({"INDEX": ("int64", ["n"])}, {"VALUE": (t, ["n"])}, [("Gather", ["table", "INDEX"], ["VALUE"])],
                   {"table": np.array(table, np.float32)})


def accumulator(t, shape, start="int32"):
    """TOTAL = IN + (START ? 0 : STATE_IN); STATE_OUT = TOTAL."""
    np_t = {"int32": np.int32, "fp32": np.float32, "int64": np.int64}[t]
    return onnx_of({"IN": (t, shape), "START": (start, shape), "READY": (start, shape), "STATE_IN": (t, shape)},
                   {"TOTAL": (t, shape), "STATE_OUT": (t, shape)},
                   [("Cast", ["START"], ["s"], {"to": T.BOOL}), ("Where", ["s", "zero", "STATE_IN"], ["old"]),
                    ("Cast", ["READY"], ["r"], {"to": TYPES[t]}), ("Mul", ["IN", "r"], ["live"]),
                    ("Add", ["live", "old"], ["TOTAL"]), ("Identity", ["TOTAL"], ["STATE_OUT"])], {"zero": np.zeros((), np_t)})


def controls(corr, shape=("b", 1), flag="int32"):
    """Returns what the sequence batcher put into its control inputs."""
    ins = {"IN": ("int32", shape)}
    outs, nodes = {"OUT": ("int32", shape)}, [("Identity", ["IN"], ["OUT"])]
    for c, t in (("START", flag), ("END", flag), ("READY", flag), ("CORRID", corr)):
        ins[c] = (t, shape)
        outs[c + "_SEEN"] = (t, shape)
        nodes.append(("Identity", [c], [c + "_SEEN"]))
    return onnx_of(ins, outs, nodes)


def ctl(name, kind, val):
    return 'control_input [ { name: "%s" control [ { kind: CONTROL_SEQUENCE_%s %s } ] } ]\n' % (name, kind, val)


def main():
    # ---------------------------------------------------------------- basic
    r = Repo(HERE, "basic")
    fp = ["b", 4]
    r.model("add_sub", cfg([("A", "fp32", [4]), ("B", "fp32", [4])], [("SUM", "fp32", [4], 'label_filename: "labels.txt"'), ("DIFF", "fp32", [4])], 8, ONE),
            add_sub("fp32", fp), files={"labels.txt": "north\neast\nsouth\nwest\n"})
    r.model("mat_i32", cfg([("X", "int32", [2, 3]), ("Y", "int32", [2, 3])], [("Z", "int32", [2, 3])], 0, ONE),
            onnx_of({"X": ("int32", [2, 3]), "Y": ("int32", [2, 3])}, {"Z": ("int32", [2, 3])}, [("Add", ["X", "Y"], ["Z"])]))
    for t in ("bool", "uint8", "int16", "int32", "int64", "uint64", "fp16", "fp32", "fp64", "string"):
        r.model("echo_" + t, cfg([("IN", t, [-1])], [("OUT", t, [-1])], 0, ONE), echo(t, ["n"]))
    r.model("vary", cfg([("IN", "fp32", [-1, 3])], [("OUT", "fp32", [-1, 3])], 4, ONE), echo("fp32", ["b", "n", 3]))
    r.model("divide", cfg([("P", "fp32", [-1]), ("Q", "fp32", [-1])], [("R", "fp32", [-1])], 0, ONE),
            onnx_of({"P": ("fp32", ["n"]), "Q": ("fp32", ["n"])}, {"R": ("fp32", ["n"])}, [("Div", ["P", "Q"], ["R"])]))
    opt = onnx_of({"X": ("fp32", [2]), "BIAS": ("fp32", [2])}, {"Y": ("fp32", [2])}, [("Add", ["X", "BIAS"], ["Y"])],
                  {"BIAS": np.array([10, 20], np.float32)})
    r.model("optional_add", cfg([("X", "fp32", [2]), ("BIAS", "fp32", [2], "optional: true")], [("Y", "fp32", [2])], 0, ONE), opt)
    r.model("gather", cfg([("INDEX", "int64", [-1])], [("VALUE", "fp32", [-1])], 0, ONE), gather([0.5, 1.5, 2.5, 3.5, 4.5]))
    r.model("cls_f", cfg([("IN", "fp32", [5])], [("OUT", "fp32", [5], 'label_filename: "colours.txt"')], 4, ONE), echo("fp32", ["b", 5]),
            files={"colours.txt": "red\norange\nyellow\ngreen\nblue\n"})
    r.model("cls_i64", cfg([("IN", "int64", [4])], [("OUT", "int64", [4])], 0, ONE), echo("int64", [4]))
    r.model("cls_short_labels", cfg([("IN", "uint8", [4])], [("OUT", "uint8", [4], 'label_filename: "two.txt"')], 0, ONE), echo("uint8", [4]),
            files={"two.txt": "first\nsecond\n"})
    r.model("cls_grid", cfg([("IN", "int32", [2, 3])], [("OUT", "int32", [2, 3])], 3, ONE), echo("int32", ["b", 2, 3]))
    r.model("reshape_grid", cfg([("IN", "fp32", [4], "reshape { shape: [ 2, 2 ] }")], [("OUT", "fp32", [4], "reshape { shape: [ 2, 2 ] }")], 0, ONE),
            onnx_of({"IN": ("fp32", [2, 2])}, {"OUT": ("fp32", [2, 2])}, [("Transpose", ["IN"], ["OUT"], {"perm": [1, 0]})]))
    r.model("reshape_scalar", cfg([("IN", "fp32", [1], "reshape { shape: [ ] }")], [("OUT", "fp32", [1], "reshape { shape: [ ] }")], 4, ONE), times(3, shape=["b"], a="IN", b="OUT"))
    r.model("ident", cfg([("INPUT0", "int32", [-1])], [("OUTPUT0", "int32", [-1])], 8, ONE, "identity"))

    # ---------------------------------------------------------------- counts: statistics and metrics
    r = Repo(HERE, "counts")
    r.model("cnt_batch", cfg([("A", "fp32", [4]), ("B", "fp32", [4])], [("SUM", "fp32", [4]), ("DIFF", "fp32", [4])], 8,
            ONE + 'metric_tags { key: "team" value: "alpha" }\n'), add_sub("fp32", fp))
    r.model("cnt_plain", cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])], 0, ONE), times(2))
    r.model("cnt_fail", cfg([("INDEX", "int64", [-1])], [("VALUE", "fp32", [-1])], 0, ONE), gather([1, 2, 3]))
    r.model("cnt_warm", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])], 4, ONE +
            'model_warmup [ { name: "w" batch_size: 2 count: 3 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } } ]\n'),
            times(2, shape=["b", 2]))

    # ---------------------------------------------------------------- versions
    r = Repo(HERE, "versions")
    for n, pol, vs in (("newest", "", (1, 2, 3)), ("newest_two", "version_policy { latest { num_versions: 2 } }\n", (1, 2, 3)),
                       ("every", "version_policy { all { } }\n", (1, 4, 11)), ("chosen", "version_policy { specific { versions: [ 1, 3 ] } }\n", (1, 2, 3))):
        r.model(n, cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])], 0, ONE + pol), lambda v: times(v), vs)

    # ---------------------------------------------------------------- config
    r = Repo(HERE, "config")
    r.model("auto_batch", None, add_sub("fp32", ["b", 3]))
    r.model("auto_fixed", None, onnx_of({"X": ("int64", [2, 2])}, {"Y": ("int64", [2, 2]), "S": ("string", [1])},
            [("Identity", ["X"], ["Y"]), ("Identity", ["word"], ["S"])], {"word": np.array(["hi"], object)}))
    r.model("minimal", 'backend: "onnxruntime"', times(2, shape=["b", "n"]))
    r.model("by_platform", 'platform: "onnxruntime_onnx"\n' + cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])]).split("\n", 1)[1], times(2))
    r.model("half_given", 'name: "half_given"\nbackend: "onnxruntime"\nmax_batch_size: 6\n' + io("input", "X", "fp32", [-1]), times(5, shape=["b", "n"]))
    r.model("full", cfg([("X", "fp32", [4])], [("Y", "fp32", [4], 'label_filename: "l.txt"')], 16, """
version_policy { specific { versions: [ 1 ] } }
instance_group [ { name: "grp" kind: KIND_CPU count: 2 } ]
dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 1500
  priority_levels: 3
  default_priority_level: 2
  default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 5000000 allow_timeout_override: true max_queue_size: 40 }
  priority_queue_policy { key: 1 value { timeout_action: REJECT default_timeout_microseconds: 7000000 max_queue_size: 9 } }
}
optimization { graph { level: 1 } input_pinned_memory { enable: false } }
parameters { key: "intra_op_thread_count" value { string_value: "1" } }
parameters { key: "note" value { string_value: "free text" } }
metric_tags { key: "tier" value: "gold" }
response_cache { enable: true }
model_warmup [ { name: "w0" batch_size: 1 count: 2 inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 4 ] random_data: true } } } ]
"""), times(2, shape=["b", 4]), files={"l.txt": "a\nb\nc\nd\n"})
    r.model("seq_full", cfg([("IN", "int32", [1])], [("OUT", "int32", [1]), ("START_SEEN", "int32", [1]), ("END_SEEN", "int32", [1]), ("READY_SEEN", "int32", [1]), ("CORRID_SEEN", "uint64", [1])], 4,
            "sequence_batching { max_sequence_idle_microseconds: 7000000\noldest { max_candidate_sequences: 6 max_queue_delay_microseconds: 250 }\n" + ctl("START", "START", "int32_false_true: [ 0, 1 ]") +
            ctl("END", "END", "int32_false_true: [ 0, 1 ]") + ctl("READY", "READY", "int32_false_true: [ 0, 1 ]") + ctl("CORRID", "CORRID", "data_type: TYPE_UINT64") + "}\n"), controls("uint64"))

    # ---------------------------------------------------------------- ensemble
    r = Repo(HERE, "ensemble")
    f1 = ["b", 4]
    r.model("double", cfg([("X", "fp32", [4])], [("Y", "fp32", [4])], 8, ONE), times(2, shape=f1))
    r.model("triple", cfg([("X", "fp32", [4])], [("Y", "fp32", [4])], 8, ONE), times(3, shape=f1))
    r.model("add_sub", cfg([("A", "fp32", [4]), ("B", "fp32", [4])], [("SUM", "fp32", [4]), ("DIFF", "fp32", [4])], 8, ONE), add_sub("fp32", f1))
    r.model("pick", cfg([("INDEX", "int64", [-1])], [("VALUE", "fp32", [-1])], 0, ONE), gather([7, 8, 9]))
    r.model("halve_f", cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])], 0, ONE), times(0.5))

    def ens(ins, outs, steps, mbs=0):
        s = 'platform: "ensemble"\nmax_batch_size: %d\n' % mbs + "".join(io("input", *i) for i in ins) + "".join(io("output", *o) for o in outs)
        s += "ensemble_scheduling { step [\n"
        s += ",\n".join(' { model_name: "%s" model_version: -1 %s %s }' % (m, " ".join('input_map { key: "%s" value: "%s" }' % x for x in i),
                        " ".join('output_map { key: "%s" value: "%s" }' % x for x in o)) for m, i, o in steps)
        return s + "\n] }\n"
    r.model("chain", ens([("IN", "fp32", [4])], [("OUT", "fp32", [4])],
            [("double", [("X", "IN")], [("Y", "t")]), ("triple", [("X", "t")], [("Y", "OUT")])], 8))
    r.model("fan", ens([("IN", "fp32", [4])], [("TWO", "fp32", [4]), ("THREE", "fp32", [4]), ("SUM", "fp32", [4]), ("DIFF", "fp32", [4])],
            [("double", [("X", "IN")], [("Y", "TWO")]), ("triple", [("X", "IN")], [("Y", "THREE")]),
             ("add_sub", [("A", "TWO"), ("B", "THREE")], [("SUM", "SUM"), ("DIFF", "DIFF")])], 4))
    r.model("branches", ens([("IN", "fp32", [4])], [("SIX", "fp32", [4]), ("NINE", "fp32", [4])],
            [("double", [("X", "IN")], [("Y", "a")]), ("triple", [("X", "a")], [("Y", "SIX")]),
             ("triple", [("X", "IN")], [("Y", "b")]), ("triple", [("X", "b")], [("Y", "NINE")])], 8))
    r.model("failing", ens([("IDX", "int64", [-1])], [("VAL", "fp32", [-1])],
            [("pick", [("INDEX", "IDX")], [("VALUE", "v")]), ("halve_f", [("X", "v")], [("Y", "VAL")])]))

    # ---------------------------------------------------------------- batching
    r = Repo(HERE, "batching")

    def slow(ms, dyn, mbs=4):
        return cfg([("INPUT0", "int32", [1])], [("OUTPUT0", "int32", [1])], mbs, ONE + 'parameters { key: "execute_delay_ms" value { string_value: "%d" } }\n' % ms + dyn, "identity")
    r.model("queue_two", slow(500, "dynamic_batching { preferred_batch_size: [ 1 ] default_queue_policy { max_queue_size: 2 } }\n", 1))
    r.model("reject_late", slow(500, "dynamic_batching { default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 150000 } }\n", 1))
    r.model("override_ok", slow(400, "dynamic_batching { default_queue_policy { timeout_action: REJECT default_timeout_microseconds: 5000000 allow_timeout_override: true } }\n", 1))
    r.model("delay_late", slow(300, "dynamic_batching { default_queue_policy { timeout_action: DELAY default_timeout_microseconds: 50000 } }\n", 1))
    r.model("gather_four", slow(1, "dynamic_batching { preferred_batch_size: [ 4 ] max_queue_delay_microseconds: 2000000 }\n", 4))
    r.model("any_size", slow(400, "dynamic_batching { }\n", 8))
    r.model("two_levels", slow(300, "dynamic_batching { priority_levels: 2 default_priority_level: 2 priority_queue_policy { key: 2 value { max_queue_size: 1 } } }\n", 1))

    # ---------------------------------------------------------------- sequence
    r = Repo(HERE, "sequence")
    c2 = ctl("START", "START", "int32_false_true: [ 0, 1 ]") + ctl("READY", "READY", "int32_false_true: [ 0, 1 ]")
    st = 'state [ { input_name: "STATE_IN" output_name: "STATE_OUT" data_type: TYPE_%s dims: [ 1 ] %s } ]\n'
    acc_io = ([("IN", "int32", [1])], [("TOTAL", "int32", [1])])
    r.model("sum_direct", cfg(*acc_io, 4, ONE + "sequence_batching { direct { }\n" + c2 + st % ("INT32", "") + "}\n"), accumulator("int32", ["b", 1]))
    r.model("sum_oldest", cfg(*acc_io, 4, ONE + "sequence_batching { oldest { max_candidate_sequences: 3 }\n" + c2 + st % ("INT32", "") + "}\n"), accumulator("int32", ["b", 1]))
    r.model("sum_idle", cfg(*acc_io, 1, ONE + "sequence_batching { max_sequence_idle_microseconds: 300000\n" + c2 + st % ("INT32", "") + "}\n"), accumulator("int32", ["b", 1]))
    r.model("sum_initial", cfg([("IN", "fp32", [1])], [("TOTAL", "fp32", [1])], 1, ONE + "sequence_batching { direct { }\n" + ctl("KEEP", "READY", "fp32_false_true: [ 0, 1 ]") +
            st % ("FP32", 'initial_state { data_type: TYPE_FP32 dims: [ 1 ] name: "hundred" data_file: "hundred" }') + "}\n"),
            onnx_of({"IN": ("fp32", ["b", 1]), "KEEP": ("fp32", ["b", 1]), "STATE_IN": ("fp32", ["b", 1])}, {"TOTAL": ("fp32", ["b", 1]), "STATE_OUT": ("fp32", ["b", 1])},
                    [("Mul", ["IN", "KEEP"], ["x"]), ("Add", ["x", "STATE_IN"], ["TOTAL"]), ("Identity", ["TOTAL"], ["STATE_OUT"])]),
            files={"initial_state/hundred": np.array([100], np.float32).tobytes()})
    cio = lambda corr, f="int32": ([("IN", "int32", [1])], [("OUT", "int32", [1]), ("START_SEEN", f, [1]), ("END_SEEN", f, [1]), ("READY_SEEN", f, [1]), ("CORRID_SEEN", corr, [1])])
    allc = lambda corr, v: "".join(ctl(n, n, v) for n in ("START", "END", "READY")) + ctl("CORRID", "CORRID", "data_type: TYPE_" + corr)
    r.model("look_u64", cfg(*cio("uint64"), 2, ONE + "sequence_batching { " + allc("UINT64", "int32_false_true: [ -5, 7 ]") + "}\n"), controls("uint64"))
    r.model("look_str", cfg(*cio("string", "fp32"), 2, ONE + "sequence_batching { " + allc("STRING", "fp32_false_true: [ 0.25, 0.75 ]") + "}\n"), controls("string", flag="fp32"))

    # ---------------------------------------------------------------- ragged
    r = Repo(HERE, "ragged")

    def bi(kind, name, t="FP32"):
        return 'batch_input [ { kind: BATCH_%s target_name: "%s" data_type: TYPE_%s source_input: "IN" } ]\n' % (kind, name, t)
    rag = lambda m: cfg([("IN", "fp32", [-1], "allow_ragged_batch: true")], [("OUT", "fp32", [1])], 4, ONE + "dynamic_batching { preferred_batch_size: [ 2 ] max_queue_delay_microseconds: 2000000 }\n" + m)

    def see(t="fp32", one="n"):
        """OUT (one row per request) = the values the batcher generated, as a column."""
        nodes = [("ReduceSum", ["IN"], ["s"], {"keepdims": 1}), ("Mul", ["s", "nought"], ["z"])]
        src = "G"
        if t != "fp32":
            nodes.append(("Cast", ["G"], ["g"], {"to": T.FLOAT})); src = "g"
        nodes += [("Unsqueeze", [src, "ax"], ["col"]), ("Add", ["col", "z"], ["OUT"])]
        return onnx_of({"IN": ("fp32", ["t"]), "G": (t, ["n"])}, {"OUT": ("fp32", ["n", 1])}, nodes, {"nought": np.zeros(1, np.float32), "ax": np.array([1], np.int64)})
    r.model("count_each", rag(bi("ELEMENT_COUNT", "G")), see())
    r.model("count_running", rag(bi("ACCUMULATED_ELEMENT_COUNT", "G", "INT32")), see("int32"))
    zero = onnx_of({"IN": ("fp32", ["t"]), "G": ("fp32", ["m"])}, {"OUT": ("fp32", ["n", 1])},
                   [("ReduceSum", ["IN"], ["s"], {"keepdims": 1}), ("Mul", ["s", "nought"], ["z"]), ("Slice", ["G", "b", "e", "a"], ["head"]),
                    ("Unsqueeze", ["head", "ax"], ["col"]), ("Add", ["col", "z"], ["OUT"])],
                   {"nought": np.zeros(1, np.float32), "b": np.array([0], np.int64), "e": np.array([-1], np.int64), "a": np.array([0], np.int64), "ax": np.array([1], np.int64)})
    r.model("count_from_zero", rag(bi("ACCUMULATED_ELEMENT_COUNT_WITH_ZERO", "G")), zero)

    # ---------------------------------------------------------------- decoupled
    r = Repo(HERE, "decoupled")
    dec = "model_transaction_policy { decoupled: true }\n"
    r.model("repeater", cfg([("IN", "int32", [-1]), ("DELAY", "uint32", [-1]), ("WAIT", "uint32", [1])], [("OUT", "int32", [1]), ("IDX", "uint32", [1])], 0, ONE + dec, "repeat"))
    r.model("echo_text", cfg([("IN", "string", [-1])], [("OUT", "string", [-1])], 0, ONE), echo("string", ["n"]))
    r.model("pair", cfg([("A", "fp32", [4]), ("B", "fp32", [4])], [("SUM", "fp32", [4]), ("DIFF", "fp32", [4])], 8, ONE), add_sub("fp32", fp))
    r.model("ident", cfg([("INPUT0", "int32", [-1])], [("OUTPUT0", "int32", [-1])], 0, ONE, "identity"))
    r.model("gather", cfg([("INDEX", "int64", [-1])], [("VALUE", "fp32", [-1])], 0, ONE), gather([1, 2, 3]))

    # ---------------------------------------------------------------- explicit
    r = Repo(HERE, "explicit")
    r.model("alpha", cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])], 0, ONE), lambda v: times(v * 10), (1, 2))
    r.model("beta", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])], 4, ONE), times(2, shape=["b", 2]))
    r.model("pipe", ens([("IN", "fp32", [2])], [("OUT", "fp32", [2])], [("beta", [("X", "IN")], [("Y", "OUT")])], 4))
    r.model("broken_file", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])]), b"this is not an ONNX file")
    r.model("broken_config", 'backend: "onnxruntime"\nmax_batch_sizes: 4\n', times(2))
    r.model("no_version_dir", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])]), times(2), versions=())
    r.model("wrong_name", 'name: "other"\n' + cfg([("X", "fp32", [-1])], [("Y", "fp32", [-1])]), times(2))
    r.model("wrong_input", cfg([("Z", "fp32", [-1])], [("Y", "fp32", [-1])]), times(2))
    r.model("wrong_type", cfg([("X", "int32", [-1])], [("Y", "fp32", [-1])]), times(2))

    # ---------------------------------------------------------------- cached
    r = Repo(HERE, "cached")
    rc = "response_cache { enable: true }\n"
    r.model("kept", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])], 4, ONE + rc), times(2, shape=["b", 2]))
    r.model("not_kept", cfg([("X", "fp32", [2])], [("Y", "fp32", [2])], 4, ONE), times(2, shape=["b", 2]))


if __name__ == "__main__":
    main()
