using System.Collections.Frozen;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Adapters;

/// <summary>The adapters of one version, loaded with it and freed with it.</summary>
internal sealed class AdapterSet : IDisposable
{
    /// <summary>The request parameter, which other servers with adapters call so too.</summary>
    public const string Parameter = "lora_name";

    private readonly FrozenDictionary<string, Adapter> _adapters;

    /// <param name="adapters">The adapters; they go over to the set.</param>
    public AdapterSet(IEnumerable<Adapter> adapters)
    {
        _adapters = adapters.ToFrozenDictionary(static adapter => adapter.Name, StringComparer.Ordinal);
        Variants = new RequestVariants(Parameter, "adapter", _adapters.Keys.ToFrozenSet(StringComparer.Ordinal));
    }

    /// <summary>What requests may choose.</summary>
    public RequestVariants Variants { get; }

    /// <summary>Gives the parameters of the chosen adapters to a run.</summary>
    /// <param name="variant">The names, as <see cref="Abstractions.Backends.ExecutionBatch.Variant"/> has them.</param>
    /// <param name="inputs">What the requests themselves give.</param>
    /// <param name="binding">The run's inputs.</param>
    /// <exception cref="BackendException">Two of them, or one and the request, give the same input.</exception>
    public void Bind(string variant, ReadOnlySpan<TensorView> inputs, OrtIoBinding binding)
    {
        var bound = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var input in inputs)
        {
            bound.Add(input.Name, "the request");
        }

        foreach (var name in variant.Split(RequestVariants.Separator))
        {
            var adapter = _adapters[name];
            for (var i = 0; i < adapter.Tensors.Count; i++)
            {
                var tensor = adapter.Tensors[i].Name;
                if (!bound.TryAdd(tensor, $"the adapter '{name}'"))
                {
                    throw new BackendException(ErrorCode.InvalidArgument, $"parameter '{Parameter}': the adapter '{name}' gives the input '{tensor}', and {bound[tensor]} gives it too");
                }

                binding.BindInput(tensor, adapter.Value(i));
            }
        }
    }

    public void Dispose()
    {
        foreach (var adapter in _adapters.Values)
        {
            adapter.Dispose();
        }
    }
}
