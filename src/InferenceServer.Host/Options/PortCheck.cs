namespace InferenceServer.Host.Options;

/// <summary>Sees that the process listens for requests, and for nothing twice on one port.</summary>
internal static class PortCheck
{
    /// <summary>What is wrong, one sentence each.</summary>
    public static IEnumerable<string> FindProblems(ServerOptions options)
    {
        var ports = new[] { ("HTTP", options.Http), ("gRPC", options.Grpc), ("metrics", options.Metrics) };
        for (var i = 0; i < ports.Length; i++)
        {
            for (var j = i + 1; j < ports.Length; j++)
            {
                if (ports[i].Item2 is { Port: > 0 } left && ports[j].Item2 is { } right && left.Port == right.Port)
                {
                    yield return $"{ports[i].Item1} and {ports[j].Item1} have the same port {left.Port}, expected different ones";
                }
            }
        }

        if (options.Http is null && options.Grpc is null)
        {
            yield return "HTTP and gRPC are both switched off, expected one of --allow-http and --allow-grpc to be true";
        }
    }
}
