using System.Collections.Immutable;

namespace InferenceServer.Abstractions.Backends;

/// <summary>What the server must know of a backend before it loads it.</summary>
/// <param name="Name">The name that a configuration's <c>backend</c> field gives, such as <c>onnxruntime</c>.</param>
public sealed record BackendDescriptor(string Name)
{
    /// <summary>The older <c>platform</c> name of the same backend, such as <c>onnxruntime_onnx</c>; null when it never had one.</summary>
    public string? Platform { get; init; }

    /// <summary>
    /// The files in a version folder that hold the model, as they are usually called; empty when the backend needs none. One of them is there, unless the configuration
    /// names another. A folder in which one of them lies is taken for a model of this backend when nothing says otherwise.
    /// </summary>
    public ImmutableArray<string> ModelFilenames { get; init; } = [];

    /// <summary>The most usual of these names; null when the backend needs no file.</summary>
    public string? DefaultModelFilename => ModelFilenames is [var first, ..] ? first : null;

    /// <summary>
    /// The extension, with its dot, of a single file that is a whole model when it lies in the repository itself; null when there is none.
    /// </summary>
    public string? BareFileExtension { get; init; }

    /// <summary>
    /// True when the backend can tell a model's inputs and outputs from its file, so that the configuration may leave them out.
    /// </summary>
    public bool DescribesModels { get; init; }

    /// <summary>
    /// True when the backend decides itself which devices there are: a configuration may ask for GPUs and for execution accelerators, and a load fails where there is no
    /// such device. Other backends run on the processor, and asking them for more is an error of the configuration.
    /// </summary>
    public bool RunsOnGpus { get; init; }

    /// <summary>
    /// True when the backend loads libraries with operators that a model brings along (<c>model_operations</c>). For other backends such a configuration is an error.
    /// </summary>
    public bool LoadsOperatorLibraries { get; init; }

    /// <summary>
    /// True when the statistics of the backend's decoupled models show each response of a request, by its number, as far as numbers are kept.
    /// </summary>
    public bool ReportsResponses { get; init; }

    /// <summary>
    /// False when models of the backend must not be run with made-up inputs before they are ready: an execution changes something, counts, or is not worth it. A
    /// model's own parameter <c>auto_warmup</c> goes before this.
    /// </summary>
    public bool AllowsAutomaticWarmup { get; init; } = true;

    /// <summary>
    /// The keys of the server's settings for this backend (<c>--backend-config</c>) that it acts upon. A setting of another name is refused
    /// when the server starts.
    /// </summary>
    public ImmutableArray<string> Settings { get; init; } = [];
}
