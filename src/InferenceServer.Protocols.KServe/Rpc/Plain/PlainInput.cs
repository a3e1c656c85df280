using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.SharedMemory;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>An input of a <see cref="PlainMessage"/>: what it is, without its elements.</summary>
internal readonly record struct PlainInput(string Name, TensorDataType DataType, TensorShape Shape)
{
    /// <summary>Where in shared memory it is; null where the message carries it.</summary>
    public SharedMemoryRange? Range { get; init; }

    /// <summary>Where its elements are, if they are typed ones.</summary>
    public PlainContents Contents { get; init; }
}
