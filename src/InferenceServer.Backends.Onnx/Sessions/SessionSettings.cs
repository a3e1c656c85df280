using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Backends.Onnx.Providers;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>What a model's configuration and the server's settings ask of a session.</summary>
internal sealed record SessionSettings
{
    /// <summary>Threads in the pool that sessions share, for the work inside an operator; the caller's own thread counts as one.</summary>
    public required int SharedIntraOpThreads { get; init; }

    /// <summary>Threads in the shared pool for operators beside one another.</summary>
    public required int SharedInterOpThreads { get; init; }

    /// <summary>False when this session has pools of its own.</summary>
    public required bool UsesSharedThreads { get; init; }

    /// <summary>Threads inside an operator for a session with pools of its own; 0 for as many as processors.</summary>
    public int IntraOpThreads { get; init; }

    /// <summary>Threads for operators beside one another; 0 for as many as processors.</summary>
    public int InterOpThreads { get; init; }

    /// <summary>Whether operators may run beside one another.</summary>
    public ExecutionMode ExecutionMode { get; init; } = ExecutionMode.ORT_SEQUENTIAL;

    /// <summary>How far the graph is rewritten.</summary>
    public GraphOptimizationLevel Optimization { get; init; } = GraphOptimizationLevel.ORT_ENABLE_ALL;

    /// <summary>Whether the session keeps an arena of processor memory.</summary>
    public bool MemoryArena { get; init; }

    /// <summary>Whether the session remembers, for each combination of input shapes, how its memory was laid out.</summary>
    public bool MemoryPattern { get; init; }

    /// <summary>The arenas that give unused memory back after each run, such as <c>cpu:0</c>; null for none.</summary>
    public string? ArenaShrinkage { get; init; }

    /// <summary>What operators run on.</summary>
    public ProviderSettings Providers { get; init; } = new();

    /// <summary>Sizes of dimensions that the model leaves free.</summary>
    public IReadOnlyList<FreeDimension> FreeDimensions { get; init; } = [];

    /// <summary>Files other than the model's.</summary>
    public SessionFiles Files { get; init; } = new();

    /// <summary>How many bytes of weights sessions without threads may take that are made while a model is under load, all models together; 0 for none.</summary>
    public long OneThreadBytes { get; init; }

    /// <summary>Where optimised graphs are kept between loads; null for nowhere.</summary>
    public GraphCacheOptions? Graphs { get; init; }

    /// <summary>True when the log is to say what runs on which provider.</summary>
    public bool ReportsPlacement { get; init; }

    /// <summary>Entries for the engine as they are.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Entries { get; init; } = [];

    /// <summary>The engine's form of these settings.</summary>
    /// <param name="processors">How many processors the process may use.</param>
    /// <param name="hasSharedThreads">Whether there is a shared pool.</param>
    /// <param name="logId">The id that the engine logs the session under.</param>
    /// <param name="keepTo">The processors that the session's threads keep to, which then are its own; null when they may run on any.</param>
    public SessionOptions ToOptions(int processors, bool hasSharedThreads, string logId, ProcessorSet? keepTo)
    {
        var options = new SessionOptions
        {
            LogId = logId,
            LogSeverityLevel = ReportsPlacement ? OrtLoggingLevel.ORT_LOGGING_LEVEL_VERBOSE : OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING,
            GraphOptimizationLevel = Optimization,
            ExecutionMode = ExecutionMode,
            EnableCpuMemArena = MemoryArena,
            EnableMemoryPattern = MemoryPattern,
        };
        try
        {
            if (UsesSharedThreads && hasSharedThreads && keepTo is null)
            {
                options.DisablePerSessionThreads();
            }
            else
            {
                var threads = ThreadPlan.Of(IntraOpThreads, processors, keepTo);
                options.IntraOpNumThreads = threads.Count;
                options.InterOpNumThreads = InterOpThreads == 0 ? processors : InterOpThreads;
                options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
                options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
                if (threads.Affinities is { } affinities)
                {
                    options.AddSessionConfigEntry(ThreadPlan.AffinitiesEntry, affinities);
                }
            }

            foreach (var dimension in FreeDimensions)
            {
                if (dimension.IsDenotation)
                {
                    options.AddFreeDimensionOverride(dimension.Name, dimension.Size);
                }
                else
                {
                    options.AddFreeDimensionOverrideByName(dimension.Name, dimension.Size);
                }
            }

            if (Files.ProfilePrefix is { } prefix)
            {
                options.ProfileOutputPathPrefix = prefix;
                options.EnableProfiling = true;
            }

            foreach (var library in Files.Libraries)
            {
                options.RegisterCustomOpLibrary(library);
            }

            foreach (var (key, value) in Entries)
            {
                options.AddSessionConfigEntry(key, value);
            }

            return options;
        }
        catch
        {
            options.Dispose();
            throw;
        }
    }
}
