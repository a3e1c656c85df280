using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Routing;

/// <summary>Reads the small bodies of requests to promote a target and to roll an alias back, which may be left out.</summary>
internal static class AliasRequestReader
{
    private const string To = "to";
    private const string Stable = "stable";
    private const string Previous = "previous";
    private static readonly string[] s_promote = [AliasNames.Model, AliasNames.Version];
    private static readonly string[] s_rollBack = [To];
    private static readonly string[] s_goals = [Stable, Previous];

    /// <summary>Reads <c>{"model": "&lt;name&gt;", "version": 2}</c>.</summary>
    /// <param name="alias">The alias.</param>
    /// <param name="body">The body.</param>
    /// <param name="model">The model; null when the body names none.</param>
    /// <param name="version">The version; null when the body names none.</param>
    public static InferenceError? ReadPromote(string alias, ReadOnlyMemory<byte> body, out string? model, out long? version)
    {
        string? foundModel = null;
        long? foundVersion = null;
        var error = Read(alias, body, s_promote, (AliasJsonReader reader, ref Utf8JsonReader json, string member) =>
        {
            if (member == AliasNames.Model)
            {
                foundModel = reader.ReadString(ref json, member, "the body");
            }
            else
            {
                foundVersion = reader.ReadVersion(ref json, "the body");
            }
        });
        (model, version) = (foundModel, foundVersion);
        return error ?? (model is null && version is not null ? AliasErrors.Config(alias, $"body: the body has a '{AliasNames.Version}' and no '{AliasNames.Model}'") : null);
    }

    /// <summary>Reads <c>{"to": "stable"}</c> or <c>{"to": "previous"}</c>.</summary>
    public static InferenceError? ReadRollBack(string alias, ReadOnlyMemory<byte> body, out bool toPrevious)
    {
        var goal = Stable;
        var error = Read(alias, body, s_rollBack, (AliasJsonReader reader, ref Utf8JsonReader json, string member) => goal = reader.ReadString(ref json, member, "the body") ?? Stable);
        toPrevious = goal == Previous;
        return error ?? (s_goals.Contains(goal, StringComparer.Ordinal) ? null : AliasErrors.Config(alias, $"body: '{To}' must be '{Stable}' or '{Previous}', found '{FieldWords.Quote(goal)}'"));
    }

    private delegate void MemberReader(AliasJsonReader reader, ref Utf8JsonReader json, string member);

    private static InferenceError? Read(string alias, ReadOnlyMemory<byte> body, string[] known, MemberReader member)
    {
        if (body.IsEmpty)
        {
            return null;
        }

        var problems = new ProblemList("body");
        var reader = new AliasJsonReader(body, problems);
        reader.Read((ref Utf8JsonReader json) => reader.ReadObject(ref json, "the body", known, (ref Utf8JsonReader inner, string name, ConfigPosition _) => member(reader, ref inner, name)));
        return problems.IsEmpty ? null : AliasErrors.Config(alias, string.Join('\n', problems.ToImmutable()));
    }
}
