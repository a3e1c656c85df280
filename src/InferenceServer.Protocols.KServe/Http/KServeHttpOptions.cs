using InferenceServer.Protocols.KServe.Forwarding;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>What the KServe HTTP front end is given. Sizes are in bytes.</summary>
public sealed record KServeHttpOptions
{
    /// <summary>
    /// The most bytes of JSON in one request, of one tensor that comes as JSON, and of a raw request (<c>--http-max-input-size</c>). The
    /// binary part of a request is bounded by <see cref="MaxRequestBytes"/> alone.
    /// </summary>
    public int MaxInputSize { get; init; } = 64 << 20;

    /// <summary>The most bytes of one whole request body.</summary>
    public long MaxRequestBytes { get; init; } = int.MaxValue;

    /// <summary>The most inputs, and the most outputs, that one request may name.</summary>
    public int MaxTensors { get; init; } = 1024;

    /// <summary>The most parameters that one request may carry.</summary>
    public int MaxParameters { get; init; } = 1024;

    /// <summary>Which headers become parameters of the request; null for none.</summary>
    public HeaderForwarding? HeaderForwarding { get; init; }

    /// <summary>Throws when a limit makes no sense.</summary>
    /// <exception cref="ArgumentException">A limit is below 1, or larger than one array can be.</exception>
    public void Validate()
    {
        Check(MaxInputSize, nameof(MaxInputSize));
        if (MaxInputSize >= Array.MaxLength)
        {
            throw new ArgumentException($"{nameof(MaxInputSize)} must be below {Array.MaxLength}, got {MaxInputSize}");
        }

        Check(MaxRequestBytes, nameof(MaxRequestBytes));
        Check(MaxTensors, nameof(MaxTensors));
        Check(MaxParameters, nameof(MaxParameters));

        static void Check(long value, string name)
        {
            if (value < 1)
            {
                throw new ArgumentException($"{name} must be at least 1, got {value}");
            }
        }
    }
}
