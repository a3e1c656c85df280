using InferenceServer.Bench.Addresses;
using InferenceServer.Bench.Models;

namespace InferenceServer.Bench.Requests;

/// <summary>The same inference in every encoding.</summary>
internal sealed record InferRequests(string Model, IReadOnlyList<Tensor> Inputs)
{
    /// <summary>The bytes to send; over HTTP the Host header names the target.</summary>
    public byte[] For(WireEncoding encoding, LoadTarget target) => InferRequestBuilder.For(encoding, target.For(encoding), InferRequest.Plain(Model, Inputs), []);
}
