namespace InferenceServer.Core.Telemetry;

/// <summary>The responses with one number, of a model that may answer a request several times.</summary>
/// <param name="ComputeInfer">Making the response, from the one before it on.</param>
/// <param name="ComputeOutput">Cutting out its outputs.</param>
/// <param name="Success">The responses that were sent with outputs: the sum of the two above.</param>
/// <param name="Fail">The responses that were an error in place of outputs.</param>
/// <param name="EmptyResponse">The ends of requests that had no further outputs to send.</param>
/// <param name="Cancel">The responses that nobody waited for any more.</param>
public sealed record ResponseReport(
    CountedDuration ComputeInfer, CountedDuration ComputeOutput, CountedDuration Success, CountedDuration Fail, CountedDuration EmptyResponse, CountedDuration Cancel);
