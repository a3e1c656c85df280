using InferenceServer.Bench.Failures;
using InferenceServer.Bench.Http;
using InferenceServer.Bench.SharedMemory;

namespace InferenceServer.Bench.Requests;

/// <summary>The requests of a load, in the order in which each connection sends them, again and again.</summary>
/// <param name="Sent">Each as it is sent: over HTTP the whole request, over gRPC the serialised message.</param>
/// <param name="Expected">The body that each one's answer must have; null accepts any body of a successful answer.</param>
/// <param name="Rows">Inferences a request, the mean over the requests.</param>
internal sealed record RequestSet(IReadOnlyList<byte[]> Sent, IReadOnlyList<byte[]>? Expected, double Rows)
{
    /// <summary>What is asked with tensors in shared memory; null for tensors that are sent. Then <see cref="Sent"/> is empty, as each connection has requests of its own.</summary>
    public SharedWorkload? Shared { get; init; }

    /// <summary>What each of those that have a request in flight sends from shared memory; null while there is none.</summary>
    public IReadOnlyList<SharedSlot>? Slots { get; init; }

    public static RequestSet Of(byte[] request, byte[]? expected) => new([request], expected is null ? null : [expected], 1);

    /// <summary>What one of those that have a request in flight sends.</summary>
    public IReadOnlyList<byte[]> SentBy(int slot) => Slots is null ? Sent : Slots[slot].Sent;

    public byte[]? ExpectedOf(int index) => Expected?[index];

    /// <summary>What is wrong with an answer over HTTP; null for nothing.</summary>
    public RequestFailure? Check(HttpResponseParser response, int index)
    {
        if (response.StatusCode != 200)
        {
            return RequestFailure.OfStatus(response.StatusCode, response.Body);
        }

        return ExpectedOf(index) is { } expected && !response.Body.SequenceEqual(expected) ? RequestFailedException.Differs().Failure : null;
    }
}
