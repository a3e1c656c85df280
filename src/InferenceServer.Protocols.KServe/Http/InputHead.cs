using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What a request says of an input before its data.</summary>
internal readonly record struct InputHead(string Name, TensorDataType DataType, TensorShape Shape);
