using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Backends.Onnx.Graphs;
using InferenceServer.Backends.Onnx.Providers;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>Reads <see cref="SessionSettings"/> from a model's parameters and the server's settings for this backend, whose names are Triton's.</summary>
internal static class SessionSettingsReader
{
    public const string IntraOpKey = "intra_op_thread_count";
    public const string InterOpKey = "inter_op_thread_count";
    public const string ExecutionModeKey = "execution_mode";
    public const string ArenaKey = "enable_mem_arena";
    public const string PatternKey = "enable_mem_pattern";
    public const string ShrinkageKey = "memory.enable_memory_arena_shrinkage";
    public const string GlobalPoolKey = "enable-global-threadpool";
    public const string PlacementKey = "report_placement";
    public const string OneThreadKey = "one-thread-copies-max-bytes";
    public const string EntryPrefix = "session.";

    // Of the memory that the process may use.
    private const int OneThreadShare = 16;

    /// <summary>The server's settings that are read here.</summary>
    public static ImmutableArray<string> ServerKeys { get; } = [.. OnnxSettings.OfServer.Select(static one => one.Name)];

    /// <exception cref="BackendException">A value is not what its parameter takes; the message lists all of them.</exception>
    public static SessionSettings Read(ModelLoadContext context)
    {
        var server = new SettingValues("backend setting", context.BackendSettings);
        var model = new SettingValues("parameter", context.Parameters);
        var settings = Read(context, server, model);
        var errors = server.Errors.Concat(model.Errors).ToList();
        if (settings.ArenaShrinkage?.Contains("cpu", StringComparison.Ordinal) == true && !settings.MemoryArena)
        {
            errors.Add($"parameter '{ShrinkageKey}': expected '{ArenaKey}' to be 1 beside it, since there is no arena to shrink");
        }

        foreach (var key in model.Unused.Where(static key => !IsEntry(key)))
        {
            context.Log.Warning(
                $"parameter '{key}' is unknown to the onnxruntime backend and has no effect; known are {string.Join(", ", OnnxSettings.OfModels.Select(static one => one.Name))}");
        }

        return errors.Count == 0 ? settings : throw new BackendException(ErrorCode.InvalidArgument, string.Join("; ", errors));
    }

    /// <summary>The numbers of threads that all sessions share. What is wrong with them is told when a model is loaded.</summary>
    public static (int IntraOp, int InterOp) ReadShared(IReadOnlyDictionary<string, string> settings, int processorCount)
    {
        var server = new SettingValues("backend setting", settings);

        // Sessions on the shared pool run their operators one after another, so nothing would ever use more than one thread between them.
        return (server.Count(IntraOpKey) is { } intra and > 0 ? intra : processorCount, server.Count(InterOpKey) is { } inter and > 0 ? inter : 1);
    }

    private static SessionSettings Read(ModelLoadContext context, SettingValues server, SettingValues model)
    {
        var sharedIntra = server.Count(IntraOpKey) ?? 0;
        var sharedInter = server.Count(InterOpKey) ?? 0;
        var threads = ReadShared(context.BackendSettings, context.ProcessorCount);
        var shares = server.Switch(GlobalPoolKey) ?? true;
        var intra = model.Count(IntraOpKey) ?? 0;
        var inter = model.Count(InterOpKey) ?? 0;
        var parallel = model.Choice(ExecutionModeKey, 0, 1) == 1;
        var entries = ReadEntries(model, context.Parameters);

        // Whoever counts threads means threads of this model; the engine ignores such counts on a shared pool.
        var asksForThreads = intra > 0 || inter > 0 || parallel || entries.Exists(static entry => IsThreadEntry(entry.Key));
        return new SessionSettings
        {
            SharedIntraOpThreads = threads.IntraOp,
            SharedInterOpThreads = threads.InterOp,
            UsesSharedThreads = shares && !asksForThreads,
            IntraOpThreads = intra == 0 ? sharedIntra : intra,
            InterOpThreads = inter == 0 ? sharedInter : inter,
            ExecutionMode = parallel ? ExecutionMode.ORT_PARALLEL : ExecutionMode.ORT_SEQUENTIAL,
            Optimization = ReadOptimization(context.GraphOptimizationLevel, model.Errors),
            MemoryArena = model.Switch(ArenaKey) ?? false,
            MemoryPattern = model.Switch(PatternKey) ?? false,
            ArenaShrinkage = model.Text(ShrinkageKey),
            Providers = new ProviderSettingsReader(context, model, server.Switch(ProviderSettingsReader.FilesKey) ?? false).Read(),
            FreeDimensions = FreeDimension.Read(model, context.Parameters),
            Files = SessionFiles.Read(context, server, model),
            OneThreadBytes = server.Bytes(OneThreadKey, 0) ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / OneThreadShare,
            Graphs = GraphCacheOptions.Read(server, model),
            ReportsPlacement = model.Switch(PlacementKey) ?? false,
            Entries = entries,
        };
    }

    private static List<KeyValuePair<string, string>> ReadEntries(SettingValues model, IReadOnlyDictionary<string, string> parameters)
    {
        var entries = new List<KeyValuePair<string, string>>();
        foreach (var entry in parameters.Where(static entry => IsEntry(entry.Key)))
        {
            if (NamesFiles(entry.Key))
            {
                // A configuration may come from a client that loads a model; it must not make the server write or read where it likes.
                model.Errors.Add($"parameter '{entry.Key}': expected an entry that makes the engine use no files but the model's, and this one does");
            }
            else
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    private static GraphOptimizationLevel ReadOptimization(int? level, List<string> errors)
    {
        switch (level)
        {
            case null or 0:
                return GraphOptimizationLevel.ORT_ENABLE_ALL;
            case -1:
                return GraphOptimizationLevel.ORT_ENABLE_BASIC;
            case 1:
                return GraphOptimizationLevel.ORT_ENABLE_EXTENDED;
            case 2:
                return GraphOptimizationLevel.ORT_DISABLE_ALL;
            default:
                errors.Add($"optimization.graph.level: expected -1 (basic), 0 (all), 1 (extended) or 2 (none), got {level}");
                return GraphOptimizationLevel.ORT_ENABLE_ALL;
        }
    }

    private static bool IsEntry(string key) => key.StartsWith(EntryPrefix, StringComparison.Ordinal);

    private static bool IsThreadEntry(string key) =>
        key.StartsWith("session.intra_op", StringComparison.Ordinal)
        || key.StartsWith("session.inter_op", StringComparison.Ordinal)
        || key is "session.execution_mode" or "session.use_per_session_threads";

    private static bool NamesFiles(string key) =>
        key.Contains("file", StringComparison.Ordinal) || key.Contains("path", StringComparison.Ordinal) || key == "session.enable_profiling";
}
