using InferenceServer.FunctionalTests.Server;
using Xunit;

namespace InferenceServer.FunctionalTests.Models;

/// <summary>The ways of asking, by name, for tests that hold all of them against one another.</summary>
internal static class Encodings
{
    public const string Json = "JSON";
    public const string Binary = "binary";
    public const string Rpc = "gRPC";

    public static TheoryData<string> All => [Json, Binary, Rpc];

    public static IAsk Over(this RunningServer server, string encoding) => encoding switch
    {
        Json => new AskOverJson(server.Http),
        Binary => new AskOverBinary(server.Http),
        _ => new AskOverRpc(server.Rpc),
    };
}
