using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using InferenceServer.Core.Routing;

namespace InferenceServer.Protocols.KServe.Aliases;

/// <summary>Writes aliases as JSON.</summary>
internal static class AliasStatusWriter
{
    // The answer is no part of a page: quotes in it may stay as they are.
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes all of them.</summary>
    public static void Write(IBufferWriter<byte> output, ImmutableArray<AliasStatus> aliases, ImmutableArray<string> problems)
    {
        using var json = new Utf8JsonWriter(output, s_options);
        json.WriteStartObject();
        json.WriteStartArray("aliases");
        foreach (var alias in aliases)
        {
            Write(json, alias);
        }

        json.WriteEndArray();
        if (!problems.IsEmpty)
        {
            json.WriteStartArray("file_problems");
            foreach (var problem in problems)
            {
                json.WriteStringValue(problem);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>Writes one.</summary>
    public static void Write(IBufferWriter<byte> output, AliasStatus alias)
    {
        using var json = new Utf8JsonWriter(output, s_options);
        Write(json, alias);
    }

    private static void Write(Utf8JsonWriter json, AliasStatus alias)
    {
        json.WriteStartObject();
        json.WriteString("name", alias.Config.Name);
        json.WriteString("tag", alias.Tag);
        json.WriteString("origin", alias.Origin == AliasOrigin.File ? "file" : "request");
        json.WriteString("changed_at", alias.ChangedAt);
        json.WriteBoolean("ready", alias.IsReady);
        if (alias.IsHidden)
        {
            json.WriteBoolean("hidden_by_model", true);
        }

        json.WritePropertyName("config");
        json.WriteRawValue(AliasJson.Write(alias.Config));
        if (alias.Previous is { } previous)
        {
            json.WritePropertyName("previous");
            json.WriteRawValue(AliasJson.Write(previous));
        }

        if (alias.RolledBack is { } rolledBack)
        {
            json.WriteStartObject("rolled_back");
            json.WriteString("time", rolledBack.Time);
            json.WriteString("cause", AliasWords.Of(rolledBack.Cause));
            json.WriteString("reason", rolledBack.Reason);
            json.WriteEndObject();
        }

        json.WriteStartArray("targets");
        foreach (var target in alias.Targets)
        {
            Write(json, target);
        }

        json.WriteEndArray();
        WriteShadow(json, alias.Shadow);
        json.WriteStartObject("rollbacks");
        foreach (var cause in Enum.GetValues<RollbackCause>())
        {
            json.WriteNumber(AliasWords.Of(cause), alias.Rollbacks[(int)cause]);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, AliasTargetStatus target)
    {
        json.WriteStartObject();
        json.WriteString("model", target.Target.Model);
        if (target.Target.Version is { } version)
        {
            json.WriteNumber("version", version);
        }

        json.WriteBoolean("stable", target.Target.IsStable);
        json.WriteBoolean("ready", target.IsReady);
        json.WriteNumber("share", target.Share);
        json.WriteNumber("requests", target.Requests);
        json.WriteNumber("failures", target.Failures);
        json.WriteNumber("skipped", target.Skipped);
        json.WriteNumber("duration_us", Math.Floor(target.Duration.TotalMicroseconds));
        if (target.Window is { } window)
        {
            json.WriteStartObject("window");
            json.WriteNumber("requests", window.Requests);
            json.WriteNumber("failures", window.Failures);
            json.WriteNumber("slow", window.Slow);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteShadow(Utf8JsonWriter json, ShadowStatus shadow)
    {
        json.WriteStartObject("shadow");
        json.WriteNumber("sent", shadow.Sent);
        json.WriteNumber("failed", shadow.Failed);
        json.WriteNumber("in_flight", shadow.InFlight);
        json.WriteStartObject("dropped");
        foreach (var reason in Enum.GetValues<ShadowDrop>())
        {
            json.WriteNumber(AliasWords.Of(reason), shadow.Dropped[(int)reason]);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
