using System.Globalization;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>What one point gave. Times in milliseconds.</summary>
internal sealed record PointResult(
    long Requests,
    double Seconds,
    double P50,
    double P90,
    double P99,
    double Max,
    double ClientCpuMicrosecondsPerRequest,
    long Errors,
    string? FirstError)
{
    public double RequestsPerSecond => Seconds > 0 ? Requests / Seconds : 0;

    /// <summary>The result on one line.</summary>
    public override string ToString()
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{RequestsPerSecond:0.0} req/s, p50 {P50:0.000} ms, p90 {P90:0.000} ms, p99 {P99:0.000} ms, max {Max:0.000} ms, client CPU {ClientCpuMicrosecondsPerRequest:0.0} us/req, errors {Errors}");
        return FirstError is null ? line : $"{line} (first: {FirstError})";
    }
}
