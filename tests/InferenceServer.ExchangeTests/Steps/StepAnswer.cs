using InferenceServer.ExchangeTests.Http;
using InferenceServer.ExchangeTests.Rpc;

namespace InferenceServer.ExchangeTests.Steps;

/// <summary>What a request brought: an answer over HTTP or one over gRPC.</summary>
internal sealed record StepAnswer(HttpAnswer? Http, RpcAnswer? Rpc)
{
    /// <summary>False when nothing came back at all.</summary>
    public bool Came => Http is { Status: > 0 } || Rpc is { Code.Length: > 0 };

    /// <summary>The status or the code.</summary>
    public string Outcome => Rpc?.Code ?? Http!.Status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
