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
        try
        {
            await client.ModelInferAsync(question, deadline: deadline is { } limit ? DateTime.UtcNow + limit : null, cancellationToken: TestContext.Current.CancellationToken);
            return (OverloadEnd.Answered, nameof(StatusCode.OK));
        }
        catch (RpcException exception)
        {
            return (EndOf(exception), $"{exception.Status}");
        }
    }

    /// <summary>What is turned away is told when to come again; where the client itself ended the call there are no details.</summary>
    private static OverloadEnd EndOf(RpcException exception) => exception.StatusCode switch
    {
        StatusCode.DeadlineExceeded or StatusCode.Unavailable or StatusCode.ResourceExhausted when exception.GetRpcStatus()?.GetDetail<RetryInfo>() is not null => OverloadEnd.Refused,
        StatusCode.DeadlineExceeded => OverloadEnd.Late,
        _ => OverloadEnd.Failed,
    };
}
