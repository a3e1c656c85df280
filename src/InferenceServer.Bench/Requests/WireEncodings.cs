namespace InferenceServer.Bench.Requests;

/// <summary>What can be said of an encoding.</summary>
internal static class WireEncodings
{
    public static bool IsHttp(this WireEncoding encoding) => encoding is WireEncoding.Json or WireEncoding.Binary;

    /// <summary>What a reader calls it.</summary>
    public static string Title(this WireEncoding encoding) => encoding switch
    {
        WireEncoding.Json => "HTTP JSON",
        WireEncoding.Binary => "HTTP binary",
        WireEncoding.Grpc => "gRPC",
        _ => "gRPC stream",
    };

    /// <summary>What it is called on the command line; null for no encoding.</summary>
    public static WireEncoding? TryParse(string text) => text.ToUpperInvariant() switch
    {
        "JSON" => WireEncoding.Json,
        "BINARY" => WireEncoding.Binary,
        "GRPC" => WireEncoding.Grpc,
        "STREAM" => WireEncoding.Stream,
        _ => null,
    };
}
