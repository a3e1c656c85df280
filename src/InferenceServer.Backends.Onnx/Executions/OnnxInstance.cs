using InferenceServer.Abstractions.Backends;
using InferenceServer.Backends.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Executions;

/// <summary>
/// One lane: runs on the session that all lanes share, and on the one without threads where an execution asks for that and there is one.
/// </summary>
/// <param name="session">The session that all lanes share.</param>
/// <param name="oneThread">The one without threads; null where there is to be none.</param>
/// <param name="bind">Makes what a run over a session needs.</param>
internal sealed class OnnxInstance(InferenceSession session, OneThreadSession? oneThread, Func<InferenceSession, SessionRun> bind) : IModelInstance, IOneThreadUser
{
    private readonly SessionRun _run = bind(session);

    // Guards the next two: what is not used any more is freed by a timer.
    private readonly object _gate = new();
    private SessionRun? _alone;
    private long _usedAt;

    /// <summary>For how many sets of shapes it has what an execution needs made in advance.</summary>
    internal int PreparedCount => _run.PreparedCount;

    public void Execute(ExecutionBatch batch)
    {
        if (!batch.UsesOneThread || oneThread is null || !TryExecuteAlone(batch, oneThread))
        {
            _run.Execute(batch);
        }
    }

    public bool TryLeave(long unusedSince)
    {
        // It runs at this moment if that fails.
        if (!Monitor.TryEnter(_gate))
        {
            return false;
        }

        try
        {
            if (_usedAt >= unusedSince)
            {
                return false;
            }

            _alone?.Dispose();
            _alone = null;
            return true;
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _alone?.Dispose();
            _alone = null;
        }

        oneThread?.Forget(this);
        _run.Dispose();
    }

    private bool TryExecuteAlone(ExecutionBatch batch, OneThreadSession sessions)
    {
        lock (_gate)
        {
            _usedAt = sessions.Now;
            if (_alone is null)
            {
                if (sessions.TryUse(this) is not { } alone)
                {
                    return false;
                }

                _alone = bind(alone);
            }

            _alone.Execute(batch);
            return true;
        }
    }
}
