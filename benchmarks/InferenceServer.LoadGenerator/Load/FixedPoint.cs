using InferenceServer.Bench;
using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Load;
using InferenceServer.Bench.Requests;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>Points of a closed loop with one request, one at a time a connection, and times that do not depend on what is measured: both sides of a comparison take the same.</summary>
internal static class FixedPoint
{
    // With more, the client's own threads would be what is measured.
    private const int MostAlone = 1024;

    /// <param name="encoding">The way the requests travel.</param>
    /// <param name="target">The server.</param>
    /// <param name="connections">How many connections send.</param>
    /// <param name="warmUp">Load before the clock starts.</param>
    /// <param name="measure">How long the clock runs.</param>
    /// <param name="timeout">The longest a single answer may take.</param>
    /// <param name="requests">What is sent.</param>
    /// <param name="expected">The body every answer must have; null accepts any body of a successful answer.</param>
    /// <param name="threads">How many threads serve connections over HTTP; 0 for one each.</param>
    public static LoadPoint Of(
        WireEncoding encoding, LoadTarget target, int connections, TimeSpan warmUp, TimeSpan measure, TimeSpan timeout, InferRequests requests, byte[]? expected, int threads = 0) =>
        Of(encoding, target, connections, warmUp, measure, timeout, RequestSet.Of(requests.For(encoding, target), expected), threads);

    /// <summary>As above, with several requests in turn.</summary>
    /// <exception cref="BenchException">It would take thousands of threads, or of HTTP/2 connections.</exception>
    public static LoadPoint Of(WireEncoding encoding, LoadTarget target, int connections, TimeSpan warmUp, TimeSpan measure, TimeSpan timeout, RequestSet requests, int threads) =>
        connections > MostAlone && (threads == 0 || !encoding.IsHttp())
            ? throw new BenchException($"{connections} connections: expected at most {MostAlone}, or HTTP with --client-threads")
            : new LoadPoint(
                encoding, target.For(encoding), ConnectionSettings.Plain(timeout), LoadLevel.Closed(connections) with { Threads = threads }, WarmUpPlan.Fixed(warmUp), measure, requests);

    /// <summary>Measures one.</summary>
    /// <exception cref="BenchException">The server cannot be asked, or does not keep its connections.</exception>
    /// <exception cref="OperationCanceledException">It was ended early: half a point is none.</exception>
    public static Task<PointResult> RunAsync(LoadPoint point, CancellationToken cancellation) => RunAsync(point, new PointRunner(TimeProvider.System), cancellation);

    /// <summary>As above, with counters of the server's.</summary>
    public static async Task<PointResult> RunAsync(LoadPoint point, PointRunner runner, CancellationToken cancellation)
    {
        var result = await runner.MeasureAsync(point, cancellation);
        cancellation.ThrowIfCancellationRequested();
        return result is { Reconnects: > 0, Errors: 0 }
            ? throw new BenchException($"{point.Server} closes connections behind its answers; a comparison needs them kept alive")
            : result;
    }
}
