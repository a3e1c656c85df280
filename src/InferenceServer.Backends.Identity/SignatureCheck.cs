using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;

namespace InferenceServer.Backends.Identity;

/// <summary>Holds the tensors that a configuration declares against those that an example backend knows; collects every mistake.</summary>
internal sealed class SignatureCheck(string backend, ModelLoadContext context)
{
    private readonly List<string> _errors = context.IsDecoupled
        ? []
        : [$"backend '{backend}' answers a request any number of times, expected model_transaction_policy {{ decoupled: true }}"];

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>An input that must be declared.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type; null for any but BYTES.</param>
    /// <param name="rank">Its number of dimensions, without a batch dimension.</param>
    public void Input(string name, TensorDataType? type, int rank) => Check("input", context.DeclaredInputs, name, type, rank);

    /// <summary>An output that must be declared.</summary>
    public void Output(string name, TensorDataType? type, int rank) => Check("output", context.DeclaredOutputs, name, type, rank);

    /// <summary>The declared type of an input; null when it is not declared.</summary>
    public TensorDataType? TypeOf(string input) => context.DeclaredInputs.FirstOrDefault(tensor => tensor.Name == input)?.DataType;

    /// <summary>The signature, or every mistake in one sentence.</summary>
    public bool TryFinish([NotNullWhen(true)] out ModelSignature? signature, [NotNullWhen(false)] out string? errors)
    {
        foreach (var (kind, tensor) in context.DeclaredInputs.Select(static tensor => ("input", tensor)).Concat(context.DeclaredOutputs.Select(static tensor => ("output", tensor))))
        {
            if (!_known.Contains($"{kind} {tensor.Name}"))
            {
                _errors.Add($"{kind} '{tensor.Name}' is unknown to backend '{backend}'");
            }
        }

        errors = _errors.Count > 0 ? string.Join("; ", _errors) : null;
        signature = errors is null ? new ModelSignature(context.DeclaredInputs, context.DeclaredOutputs) : null;
        return errors is null;
    }

    private void Check(string kind, ImmutableArray<TensorSpec> declared, string name, TensorDataType? type, int rank)
    {
        _known.Add($"{kind} {name}");
        var tensor = declared.FirstOrDefault(tensor => tensor.Name == name);
        if (tensor is null)
        {
            _errors.Add($"{kind} '{name}' is not declared");
            return;
        }

        if (type is not null ? tensor.DataType != type : tensor.DataType == TensorDataType.Bytes)
        {
            _errors.Add($"{kind} '{name}': expected {type?.ProtocolName() ?? "a type of fixed size"}, got {tensor.DataType.ProtocolName()}");
        }

        if (tensor.Shape.Rank != rank)
        {
            _errors.Add($"{kind} '{name}': expected {rank} dimension and max_batch_size 0, got shape {tensor.Shape}");
        }
    }
}
