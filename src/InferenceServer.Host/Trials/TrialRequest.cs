using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Host.Trials;

/// <summary>What a process that tries to load a model is told: the backend's folder and all of the load's context.</summary>
internal sealed record TrialRequest
{
    /// <summary>The folder of the backend.</summary>
    public required string BackendFolder { get; init; }

    public required string ModelName { get; init; }

    public required long Version { get; init; }

    public string? ModelFile { get; init; }

    public TrialTensor[] Inputs { get; init; } = [];

    public TrialTensor[] Outputs { get; init; } = [];

    public bool IsDecoupled { get; init; }

    public Dictionary<string, string> Parameters { get; init; } = [];

    public Dictionary<string, string> BackendSettings { get; init; } = [];

    public int? GraphOptimizationLevel { get; init; }

    public TrialAccelerator[] Accelerators { get; init; } = [];

    public string[] OperatorLibraries { get; init; } = [];

    public TrialPlacement[] Placements { get; init; } = [];

    public int ProcessorCount { get; init; }

    public static TrialRequest Of(string folder, ModelLoadContext context) => new()
    {
        BackendFolder = folder,
        ModelName = context.ModelName,
        Version = context.Version,
        ModelFile = context.ModelFile,
        Inputs = [.. context.DeclaredInputs.Select(TrialTensor.Of)],
        Outputs = [.. context.DeclaredOutputs.Select(TrialTensor.Of)],
        IsDecoupled = context.IsDecoupled,
        Parameters = new Dictionary<string, string>(context.Parameters),
        BackendSettings = new Dictionary<string, string>(context.BackendSettings),
        GraphOptimizationLevel = context.GraphOptimizationLevel,
        Accelerators = [.. context.Accelerators.Select(TrialAccelerator.Of)],
        OperatorLibraries = [.. context.OperatorLibraries],
        Placements = [.. context.Placements.Select(TrialPlacement.Of)],
        ProcessorCount = context.ProcessorCount,
    };

    public ModelLoadContext ToContext() => new()
    {
        ModelName = ModelName,
        Version = Version,
        ModelFile = ModelFile,
        DeclaredInputs = [.. Inputs.Select(static one => one.ToSpec())],
        DeclaredOutputs = [.. Outputs.Select(static one => one.ToSpec())],
        IsDecoupled = IsDecoupled,
        Parameters = Parameters,
        BackendSettings = BackendSettings,
        GraphOptimizationLevel = GraphOptimizationLevel,
        Accelerators = [.. Accelerators.Select(static one => one.ToAccelerator())],
        OperatorLibraries = [.. OperatorLibraries],
        Placements = [.. Placements.Select(static one => one.ToPlacement())],
        ProcessorCount = ProcessorCount,
        IsTrial = true,
        Log = SilentLog.Instance,
    };

    // The load that follows says everything again.
    private sealed class SilentLog : IBackendLog
    {
        public static SilentLog Instance { get; } = new();

        public void Info(string message)
        {
        }

        public void Warning(string message)
        {
        }
    }
}
