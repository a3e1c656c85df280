using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Requests;

namespace InferenceServer.Bench.Load;

/// <summary>One point of a measurement.</summary>
/// <param name="Encoding">The way the requests travel.</param>
/// <param name="Server">Where the server listens for that.</param>
/// <param name="Settings">How connections are made, and how long an answer may take.</param>
/// <param name="Load">How much load there is.</param>
/// <param name="WarmUp">Load before the clock starts.</param>
/// <param name="Measure">How long the clock runs.</param>
/// <param name="Requests">What is sent.</param>
internal sealed record LoadPoint(
    WireEncoding Encoding,
    ServerAddress Server,
    ConnectionSettings Settings,
    LoadLevel Load,
    WarmUpPlan WarmUp,
    TimeSpan Measure,
    RequestSet Requests);
