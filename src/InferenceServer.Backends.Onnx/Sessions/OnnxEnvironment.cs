using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// The engine's one environment in this process: its shared threads and where its log goes. It is made with the first model, since only
/// then the processors are known, and lives as long as the process.
/// </summary>
internal sealed class OnnxEnvironment
{
    private static readonly Lock s_gate = new();
    private static volatile OnnxEnvironment? s_instance;

    private OnnxEnvironment(EngineLog log, bool hasSharedThreads)
    {
        Log = log;
        HasSharedThreads = hasSharedThreads;
    }

    public EngineLog Log { get; }

    /// <summary>False when something else in the process made the engine's environment first, without shared threads.</summary>
    public bool HasSharedThreads { get; }

    /// <summary>The environment. The numbers of threads count for the first caller only.</summary>
    public static OnnxEnvironment Get(int intraOpThreads, int interOpThreads)
    {
        if (s_instance is { } made)
        {
            return made;
        }

        lock (s_gate)
        {
            return s_instance ??= Create(intraOpThreads, interOpThreads);
        }
    }

    private static OnnxEnvironment Create(int intraOpThreads, int interOpThreads)
    {
        var log = new EngineLog();
        if (OrtEnv.IsCreated)
        {
            return new OnnxEnvironment(log, hasSharedThreads: false);
        }

        // Idle threads sleep: on a shared machine a spinning pool takes processor time from its neighbours and from this server's own lanes.
        using var threads = new OrtThreadingOptions
        {
            GlobalIntraOpNumThreads = intraOpThreads,
            GlobalInterOpNumThreads = interOpThreads,
            GlobalSpinControl = false,
        };
        var options = new EnvironmentCreationOptions
        {
            logId = "onnxruntime",
            logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING,
            loggingFunction = log.Receive,
            threadOptions = threads,
        };
        OrtEnv.CreateInstanceWithOptions(ref options);
        return new OnnxEnvironment(log, hasSharedThreads: true);
    }
}
