namespace InferenceServer.Core.Observation;

/// <summary>Counts the answers to requests by protocol and code, from any number of threads, without a lock and without allocating.</summary>
public sealed class AnswerCounts
{
    /// <summary>One more than the highest code that is told apart.</summary>
    private const int MaxCodes = 600;

    private readonly long[] _http = new long[MaxCodes];
    private readonly long[] _rpc = new long[MaxCodes];

    /// <summary>True when the code says that the request succeeded.</summary>
    public static bool IsGood(RequestProtocol protocol, int code) => protocol == RequestProtocol.Rpc ? code == 0 : code is >= 200 and < 400;

    /// <summary>The codes that have been answered with, and the good one in any case; with how often, ascending.</summary>
    public IEnumerable<KeyValuePair<int, long>> Read(RequestProtocol protocol)
    {
        var counts = protocol == RequestProtocol.Rpc ? _rpc : _http;
        var good = protocol == RequestProtocol.Rpc ? 0 : 200;
        for (var code = 0; code < MaxCodes; code++)
        {
            var count = Interlocked.Read(ref counts[code]);
            if (count > 0 || code == good)
            {
                yield return KeyValuePair.Create(code, count);
            }
        }
    }

    internal void Add(RequestProtocol protocol, int code) =>
        Interlocked.Increment(ref (protocol == RequestProtocol.Rpc ? _rpc : _http)[Math.Clamp(code, 0, MaxCodes - 1)]);
}
