using System.Net;
using InferenceServer.LoadGenerator.Requests;

namespace InferenceServer.LoadGenerator.Load;

/// <summary>One point of a measurement.</summary>
/// <param name="Encoding">The way the requests travel.</param>
/// <param name="Server">A loopback address.</param>
/// <param name="Connections">How many connections send, each one request at a time.</param>
/// <param name="WarmUp">Load before the clock starts.</param>
/// <param name="Measure">How long the clock runs.</param>
/// <param name="Timeout">The longest a single answer may take.</param>
/// <param name="Request">The whole HTTP request, or the serialised gRPC message.</param>
/// <param name="Expected">The body every answer must have; null accepts any body of a successful answer.</param>
internal sealed record LoadPoint(
    WireEncoding Encoding,
    IPEndPoint Server,
    int Connections,
    TimeSpan WarmUp,
    TimeSpan Measure,
    TimeSpan Timeout,
    byte[] Request,
    byte[]? Expected);
