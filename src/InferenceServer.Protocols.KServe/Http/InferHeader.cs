using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>The JSON part of a request, read. Owns the tensors that came in it until <see cref="MoveTo"/>.</summary>
internal sealed class InferHeader : IDisposable
{
    public string Id { get; set; } = "";

    public Dictionary<string, ParameterValue> Parameters { get; } = [];

    public List<HeaderInput> Inputs { get; } = new(4);

    public List<RequestedOutput> Outputs { get; } = [];

    /// <summary>Whether outputs that are not listed are sent as bytes; null until the request has said so, whose first word counts.</summary>
    public bool? SendsBinary { get; set; }

    /// <summary>Whether the only output is sent as an npy file.</summary>
    public bool SendsNpy { get; set; }

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
    }
}
