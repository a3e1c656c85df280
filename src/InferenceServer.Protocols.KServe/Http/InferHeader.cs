using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Protocols.KServe.Memory;
using InferenceServer.Protocols.KServe.SharedMemory;
using Microsoft.Extensions.ObjectPool;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>
/// The JSON part of a request, read. Owns the tensors that came in it until <see cref="MoveTo"/>, and the places of outputs in shared memory
/// to the end of the request.
/// </summary>
internal sealed class InferHeader : IDisposable
{
    private const int MaxKept = 64;
    private const int MaxIdle = 256;

    // What is made for every request is made once, and used again: its lists are larger than all else that a small request needs.
    private static readonly ObjectPool<InferHeader> s_pool = new DefaultObjectPool<InferHeader>(new Recycling(), MaxIdle);

    private SharedOutputs? _shared;
    private bool _isRented;

    public string Id { get; set; } = "";

    public Dictionary<string, ParameterValue> Parameters { get; } = [];

    public List<HeaderInput> Inputs { get; } = [];

    public List<RequestedOutput> Outputs { get; } = [];

    /// <summary>Whether outputs that are not listed are sent as bytes; null until the request has said so, whose first word counts.</summary>
    public bool? SendsBinary { get; set; }

    /// <summary>Whether the only output is sent as an npy file.</summary>
    public bool SendsNpy { get; set; }

    /// <summary>What the request has of the memory for bodies: until this is disposed.</summary>
    public RequestRoom Room { get; } = new();

    /// <summary>An empty one, whose disposal gives it back: nothing may be asked of it afterwards.</summary>
    public static InferHeader Rent()
    {
        var header = s_pool.Get();
        header._isRented = true;
        return header;
    }

    /// <summary>Whether the output at this place of the response is sent as bytes.</summary>
    public bool IsBinary(int place, string name)
    {
        if (Outputs.Count == 0 || SendsNpy)
        {
            return SendsNpy || (SendsBinary ?? false);
        }

        // The engine answers in the order of the request; the search is for an answer in another order.
        var outputs = CollectionsMarshal.AsSpan(Outputs);
        if (place < outputs.Length && outputs[place].Name == name)
        {
            return outputs[place].IsBinary;
        }

        foreach (ref readonly var output in outputs)
        {
            if (output.Name == name)
            {
                return output.IsBinary;
            }
        }

        return SendsBinary ?? false;
    }

    /// <summary>Whether the output goes to shared memory in place of the response.</summary>
    public bool IsShared(string name) => _shared?.Contains(name) ?? false;

    /// <summary>Whether any tensor is in shared memory, or is to go there.</summary>
    public bool UsesSharedMemory
    {
        get
        {
            foreach (ref readonly var output in CollectionsMarshal.AsSpan(Outputs))
            {
                if (output.Target is not null)
                {
                    return true;
                }
            }

            foreach (ref readonly var input in CollectionsMarshal.AsSpan(Inputs))
            {
                if (input.Source is not null)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Finds what the request has in shared memory: copies its inputs, and reserves the places of its outputs.</summary>
    /// <returns>Which tensor cannot be there and why, or null.</returns>
    /// <exception cref="BackendException">The memory for an input is not to be had.</exception>
    public InferenceError? AttachShared(SharedTensors tensors, string model)
    {
        foreach (ref readonly var output in CollectionsMarshal.AsSpan(Outputs))
        {
            if (output.Target is { } target && tensors.ClaimOutput(output.Name, target, ref _shared) is { } error)
            {
                return error;
            }
        }

        var total = 0L;
        foreach (ref var input in CollectionsMarshal.AsSpan(Inputs))
        {
            if (input.Source is { } source)
            {
                if (tensors.ReadInput(model, input.Head, source, ref total, out var data) is { } error)
                {
                    return error;
                }

                input = input with { Data = data };
            }
        }

        return null;
    }

    /// <summary>Writes the outputs of a response that go to shared memory.</summary>
    /// <returns>Which of them cannot be written and why, or null.</returns>
    public InferenceError? WriteShared(InferenceResponse response) => _shared?.Write(response);

    /// <summary>Hands everything over to the request; all inputs must have their data.</summary>
    public void MoveTo(InferenceRequest request)
    {
        request.Id = Id;
        foreach (var parameter in Parameters)
        {
            request.Parameters.Add(parameter.Key, parameter.Value);
        }

        foreach (ref readonly var output in CollectionsMarshal.AsSpan(Outputs))
        {
            request.RequestedOutputs.Add(output.Name);
        }

        foreach (ref readonly var input in CollectionsMarshal.AsSpan(Inputs))
        {
            var data = input.Data ?? throw new InvalidOperationException($"input '{input.Head.Name}' has no data yet");
            request.AddInput(new(input.Head.Name, input.Head.DataType, input.Head.Shape, data));
        }

        Inputs.Clear();
    }

    public void Dispose()
    {
        foreach (ref readonly var input in CollectionsMarshal.AsSpan(Inputs))
        {
            input.Data?.Dispose();
        }

        Inputs.Clear();
        _shared?.Dispose();
        _shared = null;
        Room.Dispose();
        if (_isRented)
        {
            _isRented = false;
            s_pool.Return(this);
        }
    }

    private sealed class Recycling : PooledObjectPolicy<InferHeader>
    {
        public override InferHeader Create() => new();

        public override bool Return(InferHeader header)
        {
            if (header.Inputs.Capacity > MaxKept || header.Outputs.Capacity > MaxKept || header.Parameters.Capacity > MaxKept)
            {
                return false;
            }

            header.Id = "";
            header.SendsBinary = null;
            header.SendsNpy = false;
            header.Parameters.Clear();
            header.Outputs.Clear();
            return true;
        }
    }
}
