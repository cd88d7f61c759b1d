"""The built-in model's graph, rewritten to compute from the 8-bit weights in its file.

The file stores each weight as int8 and a scale and lets the graph expand it by `Cast` and
`Mul`, which onnxruntime does once when loading: 90 MB of float32. What it gives instead is
measured in docs/decisions/0003-embeddings.md.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

_BLOCK_SIZE: Final = 16  # inputs that share a scale; with 128 vectors depend on their batch
_FLOAT_BIAS: Final = ".attention.self.value.bias"  # these six products need floats most
_INT8_ARITHMETIC: Final = 4  # the accuracy level that also turns the inputs into 8 bits
_FAST_FLAGS: Final = frozenset({"avx512_vnni", "avx_vnni"})


def has_fast_int8_products(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether products of 8-bit numbers are faster here than those of floats.

    They are on x86-64 with VNNI, which Linux tells; without it they are slower. For ARM,
    macOS and Windows, where nothing has been measured, the answer is no.
    """
    if not cpuinfo.exists():
        return False
    lines = (line.partition(":") for line in cpuinfo.read_text().splitlines())
    return any(
        key.strip() == "flags" and not _FAST_FLAGS.isdisjoint(value.split())
        for key, _, value in lines
    )


def compute_from_int8(model: bytes, *, products: bool) -> bytes:
    """Return `model`, an ONNX file, with embeddings looked up as int8 and scaled afterwards, and
    without the check of attention's weights for what is not a number.

    That changes no vector by a bit, as long as each text has a token. With `products` matrices
    are multiplied in 8 bits too, except by the weights that make attention's values. That moves
    vectors a little (cosine .9999 in the mean).
    """
    import onnx

    proto = onnx.load_model_from_string(model)
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    left_as_floats = {
        operand
        for node in proto.graph.node
        if any(operand.endswith(_FLOAT_BIAS) for operand in node.input)
        for operand in node.input
    }
    nodes: list[NodeProto] = []
    rewritten: set[str] = set()
    for node in proto.graph.node:
        name = node.input[{"Gather": 0, "MatMul": 1}.get(node.op_type, 0)]
        if f"{name}_q" not in tensors:
            nodes.append(node)
        elif node.op_type == "Gather":
            nodes += _scaled_rows(node, name)
            rewritten.add(name)
        elif products and node.output[0] not in left_as_floats:
            nodes.append(_product(node, name, tensors))
            rewritten.add(name)
        else:
            nodes.append(node)
    expanded = rewritten | {f"{name}_f" for name in rewritten}
    del proto.graph.node[:]
    proto.graph.node.extend(
        node for node in _without_nan_checks(nodes) if node.output[0] not in expanded
    )
    proto.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    result: bytes = proto.SerializeToString()
    return result


def _without_nan_checks(nodes: "list[NodeProto]") -> "Iterator[NodeProto]":
    """Leave out what replaces attention's weights by zero where they are not numbers.

    They are not where all tokens are masked. The check writes all weights twice, 3 MB each for
    256 tokens.
    """
    checked = {node.output[0]: node.input[0] for node in nodes if node.op_type == "IsNaN"}
    weights: dict[str, str] = {}
    for node in nodes:
        if node.op_type == "Where" and checked.get(node.input[0]) == node.input[2]:
            weights[node.output[0]] = node.input[2]
        elif node.output[0] not in checked:
            inputs = [weights.get(name, name) for name in node.input]
            del node.input[:]
            node.input.extend(inputs)
            yield node


def _scaled_rows(gather: "NodeProto", name: str) -> "Iterator[NodeProto]":
    """Look up rows of int8 and their scales, and multiply only these."""
    from onnx import TensorProto, helper

    rows, output = gather.input[1], gather.output[0]
    yield helper.make_node("Gather", [f"{name}_q", rows], [f"{output}_q"])
    yield helper.make_node("Gather", [f"{name}_scale", rows], [f"{output}_scale"])
    yield helper.make_node("Cast", [f"{output}_q"], [f"{output}_f"], to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [f"{output}_f", f"{output}_scale"], [output])


def _product(matmul: "NodeProto", name: str, tensors: "dict[str, TensorProto]") -> "NodeProto":
    """Bring the weight and its scales into the form that `MatMulNBits` takes, in place.

    The weight, int8 (inputs, outputs), becomes uint8 (outputs, blocks, block size), where
    128 is zero, and the scales, one an output, are repeated for each block.
    """
    from onnx import helper, numpy_helper

    weight, scale = tensors[f"{name}_q"], tensors[f"{name}_scale"]
    inputs, outputs = weight.dims
    blocks = inputs // _BLOCK_SIZE
    values = (numpy_helper.to_array(weight).view(np.uint8) ^ 0x80).T
    weight.CopyFrom(
        numpy_helper.from_array(values.reshape(outputs, blocks, _BLOCK_SIZE), weight.name)
    )
    scales = np.repeat(numpy_helper.to_array(scale).reshape(outputs), blocks)
    scale.CopyFrom(numpy_helper.from_array(scales, scale.name))
    return helper.make_node(
        "MatMulNBits",
        [matmul.input[0], weight.name, scale.name],
        list(matmul.output),
        domain="com.microsoft",
        K=inputs,
        N=outputs,
        bits=8,
        block_size=_BLOCK_SIZE,
        accuracy_level=_INT8_ARITHMETIC,
    )
