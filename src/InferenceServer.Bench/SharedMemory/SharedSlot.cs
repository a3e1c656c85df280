namespace InferenceServer.Bench.SharedMemory;

/// <summary>The requests of whoever has one in flight at a time, with their places in shared memory, and what is known of its outputs. Not for several threads at a time.</summary>
/// <param name="sent">Each request as it is sent.</param>
internal sealed class SharedSlot(IReadOnlyList<byte[]> sent)
{
    private bool _isUnknown;

    /// <summary>Each as it is sent: over HTTP the whole request, over gRPC the serialised message.</summary>
    public IReadOnlyList<byte[]> Sent => sent;

    /// <summary>The request whose outputs are there; null where nobody can say.</summary>
    public int? Answered { get; private set; }

    /// <summary>A request has a good answer.</summary>
    public void Succeeded(int request) => Answered = _isUnknown ? null : request;

    /// <summary>A request has none. It may have been given up, and the server may write its outputs whenever it is done.</summary>
    public void Failed()
    {
        _isUnknown = true;
        Answered = null;
    }
}
