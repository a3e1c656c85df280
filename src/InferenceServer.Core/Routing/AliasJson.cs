using System.Buffers;
using System.Text.Json;

namespace InferenceServer.Core.Routing;

/// <summary>Writes a configuration as a file has it behind the alias's name: what is written reads back to the same.</summary>
public static class AliasJson
{
    /// <summary>Writes the object.</summary>
    public static byte[] Write(AliasConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray(AliasNames.Targets);
            foreach (var target in config.Targets)
            {
                json.WriteStartObject();
                WriteVersion(json, target.Model, target.Version);
                json.WriteNumber(AliasNames.Weight, target.Weight);
                if (target.IsStable)
                {
                    json.WriteBoolean(AliasNames.Stable, true);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            WriteShadow(json, config.Shadow);
            if (config.StickyHeader is { } header)
            {
                json.WriteString(AliasNames.StickyHeader, header);
            }

            WriteRollback(json, config.Rollback);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>True when both say the same.</summary>
    internal static bool AreSame(AliasConfig one, AliasConfig other) => one.Name == other.Name && Write(one).AsSpan().SequenceEqual(Write(other));

    private static void WriteVersion(Utf8JsonWriter json, string model, long? version)
    {
        json.WriteString(AliasNames.Model, model);
        if (version is { } number)
        {
            json.WriteNumber(AliasNames.Version, number);
        }
    }

    private static void WriteShadow(Utf8JsonWriter json, AliasShadow? shadow)
    {
        if (shadow is null)
        {
            return;
        }

        json.WriteStartObject(AliasNames.Shadow);
        WriteVersion(json, shadow.Model, shadow.Version);
        json.WriteNumber(AliasNames.Fraction, shadow.Fraction);
        json.WriteNumber(AliasNames.MaxInFlight, shadow.MaxInFlight);
        json.WriteNumber(AliasNames.TimeoutMs, shadow.Timeout.TotalMilliseconds);
        json.WriteEndObject();
    }

    private static void WriteRollback(Utf8JsonWriter json, RollbackConfig? rollback)
    {
        if (rollback is null)
        {
            return;
        }

        json.WriteStartObject(AliasNames.Rollback);
        if (rollback.MaxErrorRate is { } rate)
        {
            json.WriteNumber(AliasNames.MaxErrorRate, rate);
        }

        if (rollback.MaxLatency is { } latency)
        {
            json.WriteNumber(AliasNames.MaxLatencyMs, latency.TotalMilliseconds);
        }

        json.WriteNumber(AliasNames.MinRequests, rollback.MinRequests);
        json.WriteNumber(AliasNames.WindowSeconds, rollback.Window.TotalSeconds);
        json.WriteEndObject();
    }
}
