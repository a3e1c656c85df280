using System.Collections.Concurrent;
using InferenceServer.Backends.Onnx.Providers;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Tests;

/// <summary>Claims to have providers, and writes down what the engine would be told: the sessions run on the processor.</summary>
internal sealed class RecordingProviders(params string[] available) : IProviders
{
    private readonly ConcurrentQueue<string> _appended = new();

    public IReadOnlyCollection<string> Available { get; } = [.. available.Select(static name => ProviderKind.Find(name)!.EngineName), ProviderKind.Cpu.EngineName];

    /// <summary>What was appended, in its order, such as <c>cuda device_id=1</c>.</summary>
    public IReadOnlyCollection<string> Appended => _appended;

    /// <summary>What the engine says to each attempt; null when it takes them.</summary>
    public Exception? Failure { get; init; }

    public void Append(SessionOptions options, ExecutionProvider provider)
    {
        _appended.Enqueue(string.Join(' ', provider.Options.Select(static option => $"{option.Key}={option.Value}").Prepend(provider.Kind.Name)));
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
