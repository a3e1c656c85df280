using System.Diagnostics;

namespace InferenceServer.Core.Tracing;

/// <summary>
/// While it lives no span is the ambient one, and afterwards the one that was before is it again: the parents of the server's spans are always named, and those that it makes
/// must not become the parents of what the thread does next.
/// </summary>
internal readonly struct NoAmbientSpan : IDisposable
{
    private readonly Activity? _before;

    public NoAmbientSpan()
    {
        _before = Activity.Current;
        Activity.Current = null;
    }

    public void Dispose() => Activity.Current = _before;
}
