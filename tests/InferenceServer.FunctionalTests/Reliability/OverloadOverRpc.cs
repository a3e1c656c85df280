using Google.Rpc;
using Grpc.Core;
using Inference;
using Xunit;

namespace InferenceServer.FunctionalTests.Reliability;

/// <summary>Over gRPC, with the deadline of the call, which the client keeps an eye on as well.</summary>
internal sealed class OverloadOverRpc(GRPCInferenceService.GRPCInferenceServiceClient client, ModelInferRequest question) : IOverloadDoor
{
    public async Task<(OverloadEnd End, string Status)> AskAsync(TimeSpan? deadline)
    {
        var end = deadline is { } limit ? DateTime.UtcNow + limit : (DateTime?)null;
        try
        {
            await client.ModelInferAsync(question, deadline: end, cancellationToken: TestContext.Current.CancellationToken);
            return (OverloadEnd.Answered, nameof(StatusCode.OK));
        }
        catch (RpcException exception)
        {
            return (DateTime.UtcNow >= end && IsCutByClient(exception) ? OverloadEnd.Late : EndOf(exception), $"{exception.Status}");
        }
    }

    // A client that ends a call at its deadline while it reads the answer may take its own doing for a failure. One of the server's, or of the connection's, would be within.
    private static bool IsCutByClient(RpcException exception) => exception is { StatusCode: StatusCode.Unavailable, Status.DebugException: IOException { InnerException: null } };

    /// <summary>What is turned away is told when to come again; where the client itself ended the call there are no details.</summary>
    private static OverloadEnd EndOf(RpcException exception) => exception.StatusCode switch
    {
        StatusCode.DeadlineExceeded or StatusCode.Unavailable or StatusCode.ResourceExhausted when exception.GetRpcStatus()?.GetDetail<RetryInfo>() is not null => OverloadEnd.Refused,
        StatusCode.DeadlineExceeded => OverloadEnd.Late,
        _ => OverloadEnd.Failed,
    };
}
