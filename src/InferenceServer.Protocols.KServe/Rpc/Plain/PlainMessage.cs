using System.Buffers;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Protocols.KServe.Memory;
using Microsoft.Extensions.ObjectPool;

namespace InferenceServer.Protocols.KServe.Rpc.Plain;

/// <summary>
/// A <c>ModelInferRequest</c> of the kind that nearly all clients send: names, shapes, contents or places in shared memory, and parameters, and nothing else. The elements stay where the message lies, or have been taken from there if it is a large one.
/// Rented, and given back by disposing it.
/// </summary>
internal sealed class PlainMessage : IDisposable
{
    private const int MaxKept = 64;
    private const int MaxIdle = 256;

    private static readonly ObjectPool<PlainMessage> s_pool = new DefaultObjectPool<PlainMessage>(new Recycling(), MaxIdle);

    private bool _isRented;

    /// <summary>The message, where the transport has it.</summary>
    public ReadOnlySequence<byte> Bytes { get; set; }

    public string ModelName { get; set; } = "";

    public string ModelVersion { get; set; } = "";

    public string Id { get; set; } = "";

    /// <summary>The parameters, in their order; of two of one name the later one holds.</summary>
    public List<PlainParameter> Parameters { get; } = [];

    public List<PlainInput> Inputs { get; } = [];

    /// <summary>The outputs that are wanted; empty for all.</summary>
    public List<PlainOutput> Outputs { get; } = [];

    /// <summary>Where in the message the elements of each input are that is not in shared memory; empty when they are in <see cref="Tensors"/>.</summary>
    public List<(long Offset, long Length)> Contents { get; } = [];

    /// <summary>The elements of each input, if they have been taken as they came; they are this one's until <see cref="TakeTensor"/>.</summary>
    public List<TensorBuffer?> Tensors { get; } = [];

    /// <summary>The body to go on with in place of the transport's; null where nothing has been taken of that.</summary>
    public RestoredBody? Restored { get; set; }

    /// <summary>Why there is no memory for the elements; null when there is.</summary>
    public InferenceError? Shortage { get; set; }

    /// <summary>What it has of the memory for bodies: until it is disposed.</summary>
    public RequestRoom Room { get; } = new();

    public static PlainMessage Rent()
    {
        var message = s_pool.Get();
        message._isRented = true;
        return message;
    }

    /// <summary>True when the elements of the inputs are typed ones, which lie within them.</summary>
    public bool IsTyped { get; set; }

    /// <summary>True when a tensor is in shared memory, or is to go there.</summary>
    public bool UsesSharedMemory => Inputs.Exists(static input => input.Range is not null) || Outputs.Exists(static output => output.Range is not null);

    /// <summary>Rents memory for the elements of each input.</summary>
    /// <param name="allocator">Where it comes from.</param>
    /// <param name="measure">How many bytes an input takes; the data type and the shape say it where this is null.</param>
    /// <exception cref="BackendException">It is not to be had.</exception>
    public void RentTensors(ITensorAllocator allocator, Func<PlainInput, long>? measure = null)
    {
        try
        {
            foreach (var input in Inputs)
            {
                input.Shape.TryGetByteCount(input.DataType, out var length);
                Tensors.Add(allocator.Rent(measure?.Invoke(input) ?? length));
            }
        }
        catch
        {
            ReturnTensors();
            throw;
        }
    }

    /// <summary>Hands the elements of an input over to the caller.</summary>
    public TensorBuffer TakeTensor(int input)
    {
        var tensor = Tensors[input] ?? throw new InvalidOperationException($"the elements of input {input} have been handed over before");
        Tensors[input] = null;
        return tensor;
    }

    public void Dispose()
    {
        if (_isRented)
        {
            _isRented = false;
            s_pool.Return(this);
        }
    }

    /// <summary>Empties it, and gives back what is still its own.</summary>
    public void Clear()
    {
        ReturnTensors();
        Restored?.Dispose();
        Restored = null;
        Shortage = null;
        IsTyped = false;
        Bytes = default;
        ModelName = ModelVersion = Id = "";
        Parameters.Clear();
        Inputs.Clear();
        Outputs.Clear();
        Contents.Clear();
    }

    /// <summary>Gives back the memory of elements that is still its own.</summary>
    public void ReturnTensors()
    {
        foreach (var tensor in Tensors)
        {
            tensor?.Dispose();
        }

        Tensors.Clear();
    }

    private sealed class Recycling : PooledObjectPolicy<PlainMessage>
    {
        public override PlainMessage Create() => new();

        public override bool Return(PlainMessage message)
        {
            message.Clear();
            message.Room.Dispose();
            return message.Parameters.Capacity <= MaxKept && message.Inputs.Capacity <= MaxKept && message.Outputs.Capacity <= MaxKept && message.Contents.Capacity <= MaxKept && message.Tensors.Capacity <= MaxKept;
        }
    }
}
