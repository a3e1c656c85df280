using System.Collections.ObjectModel;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Telemetry;

namespace InferenceServer.Core.Inference;

/// <summary>
/// What a model answered. It owns its outputs and the lease: the version stays loaded until the response is disposed, which the front
/// end does when the last byte is written.
/// </summary>
public sealed class InferenceResponse : IDisposable
{
    private readonly TensorView[] _outputs;
    private ModelLease? _lease;

    internal InferenceResponse(string id, ModelLease lease, TensorView[] outputs, IReadOnlyDictionary<string, ParameterValue>? parameters = null, bool isFinal = true)
    {
        Id = id;
        Model = lease.Model;
        _lease = lease;
        _outputs = outputs;
        Parameters = parameters ?? ReadOnlyDictionary<string, ParameterValue>.Empty;
        IsFinal = isFinal;
    }

    /// <summary>The id of the request; empty when it had none.</summary>
    public string Id { get; }

    /// <summary>The version of the model that ran; it stays loaded until the response is disposed.</summary>
    public ServedModel Model { get; }

    /// <summary>The name of the model that ran.</summary>
    public string ModelName => Model.Name;

    /// <summary>The number of the version that ran.</summary>
    public long ModelVersion => Model.Version;

    /// <summary>The outputs: those that were asked for in the order of the request, or all in the order of the model.</summary>
    public ReadOnlySpan<TensorView> Outputs => _outputs;

    /// <summary>What the backend says beside the outputs; most often nothing.</summary>
    public IReadOnlyDictionary<string, ParameterValue> Parameters { get; private set; }

    /// <summary>The bytes of all outputs.</summary>
    internal long Bytes
    {
        get
        {
            var bytes = 0L;
            foreach (var output in _outputs)
            {
                bytes += output.Length;
            }

            return bytes;
        }
    }

    /// <summary>How long the execution took that it comes from; zero where that is not known.</summary>
    internal ExecutionTimes Times { get; set; }

    /// <summary>True when no response to the same request follows; a decoupled model may end without having said so.</summary>
    public bool IsFinal { get; }

    /// <summary>Puts another tensor in place of an output, which is released. The response takes over the count that the tensor holds.</summary>
    public void ReplaceOutput(int place, in TensorView tensor)
    {
        _outputs[place].Dispose();
        _outputs[place] = tensor;
    }

    /// <summary>Says more beside the outputs; of two things under one name the later counts.</summary>
    internal void Add(IReadOnlyDictionary<string, ParameterValue> parameters)
    {
        var all = new Dictionary<string, ParameterValue>(Parameters, StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            all[name] = value;
        }

        Parameters = all;
    }

    /// <summary>Releases the outputs and the lease.</summary>
    public void Dispose()
    {
        var lease = Interlocked.Exchange(ref _lease, null);
        if (lease is null)
        {
            return;
        }

        foreach (var output in _outputs)
        {
            output.Dispose();
        }

        lease.Dispose();
    }
}
