using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>An input of a <see cref="PlainMessage"/>: what it is, without its elements.</summary>
internal readonly record struct PlainInput(string Name, TensorDataType DataType, TensorShape Shape)
{
    /// <summary>Where its elements are, if they are typed ones.</summary>
    public PlainContents Contents { get; init; }
}
