using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Models;
using InferenceServer.Backends.Onnx.Adapters;
using InferenceServer.Backends.Onnx.Executions;
using InferenceServer.Backends.Onnx.Sessions;
using InferenceServer.Backends.Onnx.Signatures;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx;

/// <summary>
/// The sessions of one version, one for each place where instances run. The engine runs a session from many threads at once, so every instance of a place uses the same.
/// </summary>
internal sealed class OnnxModel(
    SessionFactory factory, SessionPlace place, InferenceSession session, SessionSignature signature, SessionSettings settings, AdapterSet adapters, OneThreadSession? oneThread, SessionLog log) : IBackendModel
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SessionPlace, InferenceSession> _sessions = new() { [place] = session };

    /// <summary>Its session without threads; null where there is to be none.</summary>
    internal OneThreadSession? OneThread => oneThread;

    public ModelSignature Signature => signature.Tensors;

    /// <inheritdoc />
    public bool HasLightInstances => true;

    /// <inheritdoc />
    public bool HasOneThreadRuns => oneThread is not null;

    /// <inheritdoc />
    public bool TryReadyOneThread() => oneThread?.TryOpen() == true;

    public IModelInstance CreateInstance(InstancePlacement placement)
    {
        try
        {
            var hasDevice = factory.HasDevice(placement);
            var isAnywhere = !hasDevice && factory.PlaceOf(placement) == place;
            return new OnnxInstance(SessionFor(placement), isAnywhere ? oneThread : null, one => new SessionRun(one, signature, settings, adapters, hasDevice));
        }
        catch (OnnxRuntimeException exception)
        {
            throw factory.Explain(exception, placement);
        }
    }

    public void Dispose()
    {
        using var change = NativeHeap.BeginChange();
        oneThread?.Dispose();
        foreach (var one in _sessions.Values)
        {
            one.Dispose();
        }

        adapters.Dispose();

        log.Dispose();
    }

    private InferenceSession SessionFor(InstancePlacement placement)
    {
        var key = factory.PlaceOf(placement);
        lock (_gate)
        {
            if (_sessions.TryGetValue(key, out var made))
            {
                return made;
            }
        }

        // Made outside the lock, since that takes long; where another came first, its session is used.
        var own = factory.Create(placement, CancellationToken.None);
        lock (_gate)
        {
            if (_sessions.TryAdd(key, own))
            {
                return own;
            }
        }

        own.Dispose();
        return SessionFor(placement);
    }
}
