using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// Decides whether a session uses the shared threads where nobody has said anything of threads: a model that takes less than it takes to wake one is faster without, alone and under load. That is measured when it is loaded.
/// </summary>
/// <param name="files">The file system.</param>
/// <param name="time">The clock.</param>
/// <param name="limit">Up to which time for one row a model runs on the caller's thread alone.</param>
internal sealed class ThreadChoice(IFileSystem files, TimeProvider time, TimeSpan limit)
{
    /// <summary>About twice what it takes to wake a thread and to be woken: below it no share of the work is worth handing over.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMicroseconds(60);

    /// <summary>A larger file is not read twice for it.</summary>
    private const long LargestFile = 4 << 20;

    /// <summary>The settings without threads, when they are worth trying from the first; null when they are not.</summary>
    /// <param name="context">The model.</param>
    /// <param name="alone">The settings without threads; null when there are none.</param>
    public SessionSettings? OfSmall(ModelLoadContext context, SessionSettings? alone) => alone is not null && IsSmall(context.ModelFile!) ? alone : null;

    /// <summary>The settings without threads; null when somebody has said something of threads, or of where the model is to run.</summary>
    /// <param name="context">The model.</param>
    /// <param name="settings">What is asked of its sessions.</param>
    /// <param name="hasDevice">Whether it may run on more than the processor.</param>
    public static SessionSettings? Alone(ModelLoadContext context, SessionSettings settings, bool hasDevice)
    {
        var isFree = settings is { UsesSharedThreads: true, ReportsPlacement: false, ExecutionMode: ExecutionMode.ORT_SEQUENTIAL, Files.ProfilePrefix: null } && !hasDevice
            && context.ProcessorCount > 1 && context.Placements.All(static placement => placement is { Kind: InstanceKind.Cpu, Processors: null });
        return isFree ? settings with { UsesSharedThreads = false, IntraOpThreads = 1, InterOpThreads = 1 } : null;
    }

    /// <summary>Makes a session of such settings; null when it is not to stay, or cannot be made, which the next one tells.</summary>
    public InferenceSession? Try(Func<InferenceSession> make)
    {
        InferenceSession session;
        try
        {
            session = make();
        }
        catch (OnnxRuntimeException)
        {
            return null;
        }

        var isRight = false;
        try
        {
            isRight = ShortRun.Measure(session, time) <= limit;
            return isRight ? session : null;
        }
        finally
        {
            if (!isRight)
            {
                session.Dispose();
            }
        }
    }

    /// <summary>Whether the model is a small file without weights in others, which would be read too.</summary>
    private bool IsSmall(string file) => files.FileInfo.New(file) is { Exists: true, Length: <= LargestFile } && files.File.ReadAllBytes(file).AsSpan().IndexOf("location"u8) < 0;
}
