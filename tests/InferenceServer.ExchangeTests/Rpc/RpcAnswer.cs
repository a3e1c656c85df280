using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Rpc;

/// <summary>An answer over gRPC.</summary>
/// <param name="Code">The name of the code, as in NOT_FOUND; empty when no connection came about.</param>
/// <param name="Message">The text that goes with it.</param>
/// <param name="Response">The response of a unary rpc, as JSON of protocol buffers; null for another rpc and for an error.</param>
/// <param name="Responses">The responses of a stream; null for a unary rpc.</param>
internal sealed record RpcAnswer(string Code, string Message, JsonObject? Response, List<object?>? Responses);
