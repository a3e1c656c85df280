using InferenceServer.Core.Access;

namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>The place that a request of a stream has among those that its caller may have in flight.</summary>
internal sealed class CallerPermit(CallerQuota quota) : IDisposable
{
    private CallerQuota? _quota = quota;

    /// <summary>The request has ended.</summary>
    public void Dispose() => Interlocked.Exchange(ref _quota, null)?.Leave();
}
