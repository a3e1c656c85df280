using InferenceServer.Bench.Load;

namespace InferenceServer.LoadGenerator.Comparing;

/// <summary>Server and echo, measured one right after the other in the same round.</summary>
internal sealed record ComparedPair(PointResult Server, PointResult Echo)
{
    public double Ratio => Echo.RequestsPerSecond > 0 ? Server.RequestsPerSecond / Echo.RequestsPerSecond : 0;
}
