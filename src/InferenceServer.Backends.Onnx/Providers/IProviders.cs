using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Providers;

/// <summary>The execution providers of the engine.</summary>
internal interface IProviders
{
    /// <summary>Those that it was built with, by its own names. The libraries that they need may yet be missing.</summary>
    IReadOnlyCollection<string> Available { get; }

    /// <summary>Adds one to those of a session, behind those that it has.</summary>
    /// <exception cref="OnnxRuntimeException">It cannot be had.</exception>
    void Append(SessionOptions options, ExecutionProvider provider);
}
