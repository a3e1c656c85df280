#!/usr/bin/env python3
"""Writes the two small networks of the digits_reader ensemble, digits_prepare and digits_decide, beside this folder. Needs nothing but Python."""
import os
import struct

FLOAT, UINT8, INT64 = 1, 2, 7


def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def number(field, value):
    return varint(field << 3) + varint(value)


def block(field, data):
    data = data.encode() if isinstance(data, str) else data
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name, kind, dims, data):
    return b"".join(number(1, dim) for dim in dims) + number(2, kind) + block(8, name) + block(9, data)


def value(name, kind, shape):
    dims = b"".join(block(1, block(2, dim) if isinstance(dim, str) else number(1, dim)) for dim in shape)
    return block(1, name) + block(2, block(1, number(1, kind) + block(2, dims)))


def integer(name, value):
    return block(1, name) + number(3, value) + number(20, 2)


def integers(name, values):
    return block(1, name) + b"".join(number(8, value) for value in values) + number(20, 7)


def node(operator, inputs, outputs, *attributes):
    return b"".join(block(1, name) for name in inputs) + b"".join(block(2, name) for name in outputs) + block(4, operator) + b"".join(block(5, one) for one in attributes)


def write(model, nodes, inputs, outputs, constants=()):
    graph = b"".join(block(1, one) for one in nodes) + block(2, model) + b"".join(block(5, one) for one in constants)
    graph += b"".join(block(11, one) for one in inputs) + b"".join(block(12, one) for one in outputs)
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", model, "1", "model.onnx")
    with open(path, "wb") as file:
        file.write(number(1, 7) + block(2, "make_members") + block(7, graph) + block(8, block(1, "") + number(2, 13)))


# 255 is paper and 0 is ink: the network wants the share of ink.
write(
    "digits_prepare",
    [
        node("Cast", ["pixels"], ["light"], integer("to", FLOAT)),
        node("Div", ["light", "white"], ["share"]),
        node("Sub", ["one", "share"], ["ink"]),
        node("Unsqueeze", ["ink", "channel"], ["image"]),
    ],
    [value("pixels", UINT8, ["batch", 8, 8])],
    [value("image", FLOAT, ["batch", 1, 8, 8])],
    [tensor("white", FLOAT, [1], struct.pack("<f", 255)), tensor("one", FLOAT, [1], struct.pack("<f", 1)), tensor("channel", INT64, [1], struct.pack("<q", 1))],
)
write(
    "digits_decide",
    [
        node("ArgMax", ["probs"], ["digit"], integer("axis", 1), integer("keepdims", 1)),
        node("ReduceMax", ["probs"], ["confidence"], integers("axes", [1]), integer("keepdims", 1)),
    ],
    [value("probs", FLOAT, ["batch", 10])],
    [value("digit", INT64, ["batch", 1]), value("confidence", FLOAT, ["batch", 1])],
)
