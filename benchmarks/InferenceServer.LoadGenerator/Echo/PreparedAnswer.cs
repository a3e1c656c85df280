using Microsoft.AspNetCore.Http;

namespace InferenceServer.LoadGenerator.Echo;

/// <summary>A recorded answer without the header fields that Kestrel writes itself.</summary>
internal sealed class PreparedAnswer
{
    private static readonly HashSet<string> _writtenByKestrel =
        new(["Date", "Server", "Connection", "Content-Length", "Transfer-Encoding", "Keep-Alive"], StringComparer.OrdinalIgnoreCase);

    private readonly KeyValuePair<string, string>[] _headers;

    private PreparedAnswer(RecordedHttpAnswer recorded)
    {
        _headers = [.. recorded.Headers.Where(h => !_writtenByKestrel.Contains(h.Key))];
        Body = recorded.Body;
    }

    public ReadOnlyMemory<byte> Body { get; }

    public static PreparedAnswer? From(RecordedHttpAnswer? recorded) => recorded is null ? null : new PreparedAnswer(recorded);

    public void WriteHead(HttpResponse response)
    {
        response.ContentLength = Body.Length;
        foreach (var (name, value) in _headers)
        {
            response.Headers.Append(name, value);
        }
    }
}
