using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>One parameter of an adapter: what a request gets for an optional input of the model.</summary>
/// <param name="Name">The input's name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Start">Where its elements lie in the file.</param>
/// <param name="Length">How many bytes they take.</param>
internal sealed record AdapterTensor(string Name, TensorDataType DataType, TensorShape Shape, int Start, int Length);
