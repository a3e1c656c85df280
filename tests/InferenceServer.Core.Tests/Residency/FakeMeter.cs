using InferenceServer.Core.Residency;

namespace InferenceServer.Core.Tests.Residency;

/// <summary>The process takes what a test says.</summary>
internal sealed class FakeMeter : IMemoryMeter
{
    private long _bytes;

    public long Bytes
    {
        get => Interlocked.Read(ref _bytes);
        set => Interlocked.Exchange(ref _bytes, value);
    }

    public long Read() => Bytes;
}
