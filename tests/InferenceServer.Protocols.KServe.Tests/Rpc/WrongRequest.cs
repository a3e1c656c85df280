using Grpc.Core;
using Inference;

namespace InferenceServer.Protocols.KServe.Tests.Rpc;

/// <summary>A request that must be refused: with which status, and with which words in its message.</summary>
internal sealed record WrongRequest(ModelInferRequest Message, StatusCode Code, params string[] Words);
