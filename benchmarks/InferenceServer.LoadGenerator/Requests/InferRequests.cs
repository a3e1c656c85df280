using InferenceServer.LoadGenerator.Load;
using InferenceServer.LoadGenerator.Models;

namespace InferenceServer.LoadGenerator.Requests;

/// <summary>The same inference in every encoding.</summary>
internal sealed record InferRequests(string Model, IReadOnlyList<Tensor> Inputs)
{
    /// <summary>The bytes to send; over HTTP the Host header names the target.</summary>
    public byte[] For(WireEncoding encoding, LoadTarget target) => encoding switch
    {
        WireEncoding.Json => InferRequestBuilder.Json(target.Http, Model, Inputs),
        WireEncoding.Binary => InferRequestBuilder.Binary(target.Http, Model, Inputs),
        _ => InferRequestBuilder.Grpc(Model, Inputs),
    };
}
