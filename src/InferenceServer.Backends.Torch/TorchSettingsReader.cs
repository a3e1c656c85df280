using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Torch.Engine;

namespace InferenceServer.Backends.Torch;

/// <summary>Reads a model's parameters, whose names are Triton's, and the server's settings for the backend.</summary>
internal sealed class TorchSettingsReader
{
    /// <summary>Threads inside an operator, for models that do not say.</summary>
    public const string IntraOpKey = "intra_op_thread_count";

    /// <summary>Threads beside one another, of the whole process.</summary>
    public const string InterOpKey = "inter_op_thread_count";

    /// <summary>Whether models may use operators that read and write files.</summary>
    public const string FilesKey = "allow_files";

    private const int MaxThreads = 4096;
    private const string MethodKey = "MODULE_METHOD_NAME";
    private const string InferenceKey = "INFERENCE_MODE";
    private const string SharingKey = "ENABLE_WEIGHT_SHARING";
    private const string PlainKey = "DISABLE_OPTIMIZED_EXECUTION";
    private const string ModelIntraOpKey = "INTRA_OP_THREAD_COUNT";

    private static readonly string[] s_known = [MethodKey, InferenceKey, SharingKey, PlainKey, ModelIntraOpKey];

    private readonly List<string> _errors = [];

    /// <summary>The server's settings that are acted upon.</summary>
    public static ImmutableArray<string> ServerKeys { get; } = [IntraOpKey, InterOpKey, FilesKey];

    /// <summary>Reads them.</summary>
    /// <exception cref="BackendException">A value is not what it must be; the message lists all of them.</exception>
    public static TorchSettings Read(ModelLoadContext context)
    {
        var reader = new TorchSettingsReader();
        var settings = reader.ReadAll(context);
        foreach (var key in context.Parameters.Keys.Where(static key => !s_known.Contains(key, StringComparer.Ordinal)).Order(StringComparer.Ordinal))
        {
            context.Log.Warning($"parameter '{key}' is unknown to the pytorch backend and has no effect; known are {string.Join(", ", s_known)}");
        }

        return reader._errors.Count == 0 ? settings : throw new BackendException(ErrorCode.InvalidArgument, string.Join("; ", reader._errors));
    }

    /// <summary>The threads that run parts of models beside one another, of the whole process; null when the engine decides.</summary>
    /// <exception cref="BackendException">It is no number of threads.</exception>
    public static int? ReadInterOp(ModelLoadContext context)
    {
        var reader = new TorchSettingsReader();
        var count = reader.Count("backend setting", InterOpKey, context.BackendSettings);
        return reader._errors.Count == 0 ? count : throw new BackendException(ErrorCode.InvalidArgument, reader._errors[0]);
    }

    /// <summary>Whether models may reach beyond their arguments and weights.</summary>
    /// <exception cref="BackendException">It is neither true nor false.</exception>
    public static bool AllowsFiles(ModelLoadContext context)
    {
        var reader = new TorchSettingsReader();
        var allows = reader.Switch("backend setting", FilesKey, context.BackendSettings) ?? false;
        return reader._errors.Count == 0 ? allows : throw new BackendException(ErrorCode.InvalidArgument, reader._errors[0]);
    }

    private TorchSettings ReadAll(ModelLoadContext context)
    {
        var parameters = context.Parameters;
        var plain = Switch("parameter", PlainKey, parameters) ?? false;
        if (plain && !CallingThread.CanChooseOptimization)
        {
            _errors.Add($"parameter '{PlainKey}': works on Linux alone");
        }

        // Each lane has threads of its own inside operators, so they divide the processors.
        var lanes = Math.Max(1, context.Placements.Count(static placement => placement.Kind != InstanceKind.Gpu));
        var threads = Count("parameter", ModelIntraOpKey, parameters) ?? Count("backend setting", IntraOpKey, context.BackendSettings) ?? Math.Max(1, context.ProcessorCount / lanes);
        var method = parameters.GetValueOrDefault(MethodKey) is { Length: > 0 } name ? name : "forward";
        return new TorchSettings(method, Switch("parameter", InferenceKey, parameters) ?? true, Switch("parameter", SharingKey, parameters), new CallingThread(threads, !plain));
    }

    private int? Count(string kind, string key, IReadOnlyDictionary<string, string> values)
    {
        if (!values.TryGetValue(key, out var text))
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= MaxThreads)
        {
            return count;
        }

        _errors.Add($"{kind} '{key}': expected a whole number from 1 to {MaxThreads}, got '{text}'");
        return null;
    }

    private bool? Switch(string kind, string key, IReadOnlyDictionary<string, string> values)
    {
        switch (values.GetValueOrDefault(key))
        {
            case null:
                return null;
            case "1":
                return true;
            case "0":
                return false;
            case var text when bool.TryParse(text, out var value):
                return value;
            case var text:
                _errors.Add($"{kind} '{key}': expected true or false, got '{text}'");
                return null;
        }
    }
}
