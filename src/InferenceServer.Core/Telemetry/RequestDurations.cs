using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Observation;

namespace InferenceServer.Core.Telemetry;

/// <summary>How long the requests of one version took, by protocol.</summary>
public sealed class RequestDurations
{
    private readonly Lock _lock = new();
    private readonly ProtocolDurations?[] _protocols = new ProtocolDurations?[RequestProtocols.All.Length];
    private readonly Func<RequestProtocol, ProtocolDurations> _make;

    internal RequestDurations(ImmutableArray<double> bounds, ServerMeter meter, string model, long version)
    {
        var number = version.ToString(CultureInfo.InvariantCulture);
        _make = protocol => new ProtocolDurations(bounds, meter, [new("model", model), new("version", number), new("protocol", RequestProtocols.NameOf(protocol))]);

        // What clients use is there from the start; what only steps of ensembles use comes with the first of them.
        _protocols[(int)RequestProtocol.Http] = _make(RequestProtocol.Http);
        _protocols[(int)RequestProtocol.Rpc] = _make(RequestProtocol.Rpc);
    }

    /// <summary>The bounds for a model whose configuration gives none, in milliseconds.</summary>
    public static ImmutableArray<double> DefaultBounds { get; } = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10000];

    /// <summary>The durations of a protocol; null when no request has come by it that could be told apart.</summary>
    public ProtocolDurations? Find(RequestProtocol protocol) => Volatile.Read(ref _protocols[(int)protocol]);

    internal ProtocolDurations Of(RequestProtocol protocol) => Find(protocol) ?? Add(protocol);

    private ProtocolDurations Add(RequestProtocol protocol)
    {
        lock (_lock)
        {
            var made = _protocols[(int)protocol] ?? _make(protocol);
            Volatile.Write(ref _protocols[(int)protocol], made);
            return made;
        }
    }
}
