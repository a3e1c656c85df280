using System.Net;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>The one line the echo process prints when it listens, and its parent reads.</summary>
internal sealed record EchoAnnouncement(IPEndPoint Http, IPEndPoint Grpc)
{
    private const string Prefix = "echo listening";

    public static EchoAnnouncement? TryParse(string? line)
    {
        var parts = line?.Split(' ') ?? [];
        return parts is [_, _, var http, var grpc] && line!.StartsWith(Prefix, StringComparison.Ordinal)
            && http.StartsWith("http=", StringComparison.Ordinal) && IPEndPoint.TryParse(http[5..], out var httpAddress)
            && grpc.StartsWith("grpc=", StringComparison.Ordinal) && IPEndPoint.TryParse(grpc[5..], out var grpcAddress)
            ? new EchoAnnouncement(httpAddress, grpcAddress)
            : null;
    }

    public override string ToString() => $"{Prefix} http={Http} grpc={Grpc}";
}
