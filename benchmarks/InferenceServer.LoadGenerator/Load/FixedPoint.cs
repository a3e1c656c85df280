using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Points of a closed loop with one request, one at a time a connection, and times that do not depend on what is measured: both sides of a comparison take the same.</summary>
internal static class FixedPoint
{
    /// <param name="encoding">The way the requests travel.</param>
    /// <param name="target">The server.</param>
    /// <param name="connections">How many connections send.</param>
    /// <param name="warmUp">Load before the clock starts.</param>
    /// <param name="measure">How long the clock runs.</param>
    /// <param name="timeout">The longest a single answer may take.</param>
    /// <param name="requests">What is sent.</param>
    /// <param name="expected">The body every answer must have; null accepts any body of a successful answer.</param>
    public static LoadPoint Of(WireEncoding encoding, LoadTarget target, int connections, TimeSpan warmUp, TimeSpan measure, TimeSpan timeout, InferRequests requests, byte[]? expected) => new(
        encoding,
        target.For(encoding),
        ConnectionSettings.Plain(timeout),
        LoadLevel.Closed(connections),
        WarmUpPlan.Fixed(warmUp),
        measure,
        RequestSet.Of(requests.For(encoding, target), expected));

    /// <summary>Measures one.</summary>
    /// <exception cref="BenchException">The server cannot be asked, or does not keep its connections.</exception>
    /// <exception cref="OperationCanceledException">It was ended early: half a point is none.</exception>
    public static async Task<PointResult> RunAsync(LoadPoint point, CancellationToken cancellation)
    {
        var result = await PointRunner.RunAsync(point, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return result is { Reconnects: > 0, Errors: 0 }
            ? throw new BenchException($"{point.Server} closes connections behind its answers; a comparison needs them kept alive")
            : result;
    }
}
