namespace InferenceServer.Microbenchmarks.Stages;

/// <summary>The floor of all that moves bytes: the same bytes, copied once.</summary>
internal sealed class CopyStage(byte[] bytes) : IStage
{
    private readonly byte[] _copy = new byte[bytes.Length];

    public void Run() => bytes.AsSpan().CopyTo(_copy);
}
