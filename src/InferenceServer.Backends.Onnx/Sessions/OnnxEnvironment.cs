using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
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
    /// <exception cref="BackendException">The engine's native library cannot be loaded; why, <paramref name="told"/> has been told.</exception>
    public static OnnxEnvironment Get(int intraOpThreads, int interOpThreads, IBackendLog told)
    {
        if (s_instance is { } made)
        {
            return made;
        }

        try
        {
            return GetOrMake(intraOpThreads, interOpThreads);
        }
        catch (Exception exception) when (IsMissingLibrary(exception))
        {
            // The system's reason has the folders that were looked in, which are not for clients.
            told.Warning($"ONNX Runtime's native library cannot be loaded: {exception.GetBaseException().Message}");
            throw new BackendException(
                ErrorCode.Unavailable,
                $"the native library 'onnxruntime' for {RuntimeInformation.RuntimeIdentifier} cannot be loaded: it is not beside the server, or not for this system (it is made for glibc 2.28 and later, not for musl); the server's log says what was tried",
                exception);
        }
    }

    /// <summary>Makes the environment if there is none, and if the engine's native library can be loaded; where it cannot, <see cref="Get"/> says why.</summary>
    public static void TryMake(int intraOpThreads, int interOpThreads)
    {
        try
        {
            GetOrMake(intraOpThreads, interOpThreads);
        }
        catch (Exception exception) when (IsMissingLibrary(exception))
        {
            // The runtime throws the same for whoever asks next.
            return;
        }
    }

    private static OnnxEnvironment GetOrMake(int intraOpThreads, int interOpThreads)
    {
        lock (s_gate)
        {
            return s_instance ??= Create(intraOpThreads, interOpThreads);
        }
    }

    private static bool IsMissingLibrary(Exception exception) => exception is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException or BadImageFormatException;

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
