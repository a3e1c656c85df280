using System.Text.RegularExpressions;

namespace InferenceServer.FunctionalTests.Soak;

/// <summary>The names of gRPC's codes, as the counters have them.</summary>
internal static partial class RpcCodes
{
    /// <summary>Of a code as the client library calls it.</summary>
    public static string NameOf(string code) => code == "OK" ? code : Boundary().Replace(code, "_").ToUpperInvariant();

    [GeneratedRegex("(?<=[a-z])(?=[A-Z])")]
    private static partial Regex Boundary();
}
