using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;

namespace InferenceServer.Core.Scheduling;

/// <summary>Sends what a decoupled model answers, one response after another, to the one request of its execution.</summary>
internal sealed class DecoupledSender(PendingInference member, BatchSplitter splitter)
{
    /// <summary>True once nothing may follow.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>How many responses have been sent.</summary>
    public int Count { get; private set; }

    /// <summary>Sends the outputs that <paramref name="batch"/> holds; their counts stay the batch's.</summary>
    /// <exception cref="BackendException">Nobody waits any more, or the end has been sent.</exception>
    public void Send(LaneBatch batch, IReadOnlyDictionary<string, ParameterValue>? parameters, bool isFinal)
    {
        ThrowIfEnded();
        var request = member.Request;
        var response = new InferenceResponse(request.Id, request.Lease.Share(), splitter.CutDecoupled(batch), parameters, isFinal);
        ExecutionTrace.Respond(member, response);
        if (isFinal)
        {
            HasEnded = true;
            Count++;
            if (!member.TryComplete(InferenceOutcome.Success(response)))
            {
                response.Dispose();
            }

            return;
        }

        if (member.Stream!.Write(request, response, batch.Cancellation) is { } error)
        {
            response.Dispose();
            throw new BackendException(error.Code, error.Message);
        }

        Count++;
    }

    /// <summary>Ends the request with an error.</summary>
    /// <exception cref="BackendException">The end has been sent.</exception>
    public void SendError(ErrorCode code, string message)
    {
        ThrowIfEnded();
        HasEnded = true;
        Count++;
        member.TryComplete(InferenceOutcome.FailureOfAccepted(InferenceErrors.Backend(member.Request, "", new BackendException(code, message))));
    }

    private void ThrowIfEnded()
    {
        if (HasEnded)
        {
            throw new BackendException("the model sends a response after its final one");
        }
    }
}
