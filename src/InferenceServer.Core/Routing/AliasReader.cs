using System.Text.Json;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Routing;

/// <summary>
/// Reads aliases: <c>{"aliases": {"&lt;name&gt;": {"targets": [...], ...}}}</c>, or one alias alone. Every mistake is told, with line and
/// column; one of JSON itself ends the reading.
/// </summary>
internal sealed class AliasReader
{
    private static readonly string[] s_root = [.. AliasMembers.File.Select(static one => one.Name)];
    private static readonly string[] s_alias = [.. AliasMembers.Alias.Select(static one => one.Name)];
    private static readonly string[] s_target = [.. AliasMembers.Target.Select(static one => one.Name)];
    private static readonly string[] s_shadow = [.. AliasMembers.Shadow.Select(static one => one.Name)];
    private static readonly string[] s_rollback = [.. AliasMembers.Rollback.Select(static one => one.Name)];

    private readonly AliasJsonReader _json;
    private readonly ProblemList _problems;
    private readonly List<DeclaredAlias> _aliases = [];

    private AliasReader(ReadOnlyMemory<byte> utf8, string file)
    {
        _problems = new ProblemList(file);
        _json = new AliasJsonReader(utf8, _problems);
    }

    /// <summary>Reads a whole file.</summary>
    public static AliasDocument ReadAll(ReadOnlyMemory<byte> utf8, string file)
    {
        var reader = new AliasReader(utf8, file);
        reader._json.Read(reader.ReadRoot);
        return reader.Finish();
    }

    /// <summary>Reads the configuration of one alias.</summary>
    public static AliasDocument ReadOne(string name, ReadOnlyMemory<byte> utf8)
    {
        var reader = new AliasReader(utf8, "body");
        reader._json.Read((ref Utf8JsonReader json) => reader.ReadAlias(ref json, name, reader._json.PlaceOf(json)));
        return reader.Finish();
    }

    private AliasDocument Finish() => new(_problems.IsEmpty ? [.. _aliases] : [], _problems.ToImmutable());

    private void ReadRoot(ref Utf8JsonReader json)
    {
        var isThere = false;
        var begin = _json.PlaceOf(json);
        _json.ReadObject(ref json, "the file", s_root, (ref Utf8JsonReader inner, string _, ConfigPosition _) =>
        {
            isThere = true;
            _json.ReadObject(ref inner, $"'{AliasNames.Aliases}'", null, ReadNamed);
        });
        if (!isThere && _problems.IsEmpty)
        {
            _problems.Add(begin, $"the file has no '{AliasNames.Aliases}'", "write { \"aliases\": { \"<name>\": { \"targets\": [...] } } }");
        }
    }

    private void ReadNamed(ref Utf8JsonReader json, string name, ConfigPosition position)
    {
        if (!ModelNames.IsValid(name))
        {
            _problems.Add(position, $"invalid alias name '{FieldWords.Quote(name)}', expected what could be the name of a model's folder, without '/', '\\' and a '.' in front, of at most {ModelNames.MaxLength} characters");
        }

        ReadAlias(ref json, name, position);
        if (_aliases.Count > AliasConfig.MaxAliases)
        {
            _problems.Add(position, $"there are more than {AliasConfig.MaxAliases} aliases");
            _aliases.Clear();
        }
    }

    private void ReadAlias(ref Utf8JsonReader json, string name, ConfigPosition position)
    {
        var found = _problems.Count;
        var where = $"alias '{FieldWords.Quote(name)}'";
        List<(AliasTarget Target, ConfigPosition Position)> targets = [];
        AliasShadow? shadow = null;
        var shadowAt = position;
        string? header = null;
        RollbackConfig? rollback = null;
        var rollbackAt = position;
        _json.ReadObject(ref json, where, s_alias, (ref Utf8JsonReader inner, string member, ConfigPosition at) =>
        {
            switch (member)
            {
                case AliasNames.Targets:
                    _json.ReadArray(ref inner, $"'{AliasNames.Targets}' of {where}", AliasConfig.MaxTargets, (ref Utf8JsonReader entry) => ReadTarget(ref entry, where, targets));
                    break;
                case AliasNames.Shadow:
                    (shadow, shadowAt) = (ReadShadow(ref inner, where), at);
                    break;
                case AliasNames.StickyHeader:
                    header = ReadHeader(ref inner, where);
                    break;
                default:
                    (rollback, rollbackAt) = (ReadRollback(ref inner, where), at);
                    break;
            }
        });
        if (AliasRules.Check(where, position, targets, shadow, shadowAt, rollback, rollbackAt, _problems, isSound: _problems.Count == found) is { } checkedTargets)
        {
            _aliases.Add(new DeclaredAlias(new AliasConfig(name, checkedTargets) { Shadow = shadow, StickyHeader = header, Rollback = rollback }, position));
        }
    }

    private void ReadTarget(ref Utf8JsonReader json, string where, List<(AliasTarget Target, ConfigPosition Position)> targets)
    {
        var position = _json.PlaceOf(json);
        var what = $"a target of {where}";
        string? model = null;
        long? version = null;
        double? weight = null;
        var isStable = false;
        var given = new HashSet<string>(StringComparer.Ordinal);
        var isWhole = _json.ReadObject(ref json, what, s_target, (ref Utf8JsonReader inner, string member, ConfigPosition _) =>
        {
            given.Add(member);
            switch (member)
            {
                case AliasNames.Model:
                    model = ReadModel(ref inner, what);
                    break;
                case AliasNames.Version:
                    version = _json.ReadVersion(ref inner, what);
                    break;
                case AliasNames.Weight:
                    weight = _json.ReadNumber(ref inner, member, what, 0, AliasConfig.MaxWeight);
                    break;
                default:
                    isStable = _json.ReadBool(ref inner, member, what);
                    break;
            }
        });
        if (isWhole && !given.Contains(AliasNames.Model))
        {
            _problems.Add(position, $"{what} has no '{AliasNames.Model}'");
        }

        if (isWhole && !given.Contains(AliasNames.Weight))
        {
            _problems.Add(position, $"{what} has no '{AliasNames.Weight}'", "write for example \"weight\": 10, or 0 for no traffic");
        }

        targets.Add((new AliasTarget(model ?? "", version, weight ?? 0, isStable), position));
    }

    private AliasShadow? ReadShadow(ref Utf8JsonReader json, string where)
    {
        var position = _json.PlaceOf(json);
        var what = $"the shadow of {where}";
        string? model = null;
        long? version = null;
        var shadow = new AliasShadow("", null);
        var isWhole = _json.ReadObject(ref json, what, s_shadow, (ref Utf8JsonReader inner, string member, ConfigPosition _) =>
        {
            switch (member)
            {
                case AliasNames.Model:
                    model = ReadModel(ref inner, what);
                    break;
                case AliasNames.Version:
                    version = _json.ReadVersion(ref inner, what);
                    break;
                case AliasNames.Fraction:
                    shadow = shadow with { Fraction = _json.ReadNumber(ref inner, member, what, 0, 1) ?? 1 };
                    break;
                case AliasNames.MaxInFlight:
                    shadow = shadow with { MaxInFlight = (int)(_json.ReadInteger(ref inner, member, what, 1, AliasShadow.MostInFlight) ?? 1) };
                    break;
                default:
                    shadow = shadow with { Timeout = TimeSpan.FromMilliseconds(_json.ReadInteger(ref inner, member, what, 1, AliasShadow.MostMilliseconds) ?? 1) };
                    break;
            }
        });
        if (isWhole && model is null)
        {
            _problems.Add(position, $"{what} has no '{AliasNames.Model}'");
        }

        return shadow with { Model = model ?? "", Version = version };
    }

    private RollbackConfig? ReadRollback(ref Utf8JsonReader json, string where)
    {
        var position = _json.PlaceOf(json);
        var what = $"the roll-back of {where}";
        var rollback = new RollbackConfig();
        var isLimited = false;
        var isWhole = _json.ReadObject(ref json, what, s_rollback, (ref Utf8JsonReader inner, string member, ConfigPosition _) =>
        {
            switch (member)
            {
                case AliasNames.MaxErrorRate:
                    (rollback, isLimited) = (rollback with { MaxErrorRate = _json.ReadNumber(ref inner, member, what, 0, 1) }, true);
                    break;
                case AliasNames.MaxLatencyMs:
                    var limit = _json.ReadNumber(ref inner, member, what, RollbackConfig.LeastMilliseconds, RollbackConfig.MostMilliseconds);
                    (rollback, isLimited) = (rollback with { MaxLatency = limit is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : null }, true);
                    break;
                case AliasNames.MinRequests:
                    rollback = rollback with { MinRequests = (int)(_json.ReadInteger(ref inner, member, what, 1, RollbackConfig.MostRequests) ?? 1) };
                    break;
                default:
                    rollback = rollback with { Window = TimeSpan.FromSeconds(_json.ReadNumber(ref inner, member, what, 1, RollbackConfig.MostSeconds) ?? 1) };
                    break;
            }
        });
        if (isWhole && !isLimited)
        {
            _problems.Add(position, $"{what} has no limit", $"give '{AliasNames.MaxErrorRate}', '{AliasNames.MaxLatencyMs}' or both");
        }

        return rollback;
    }

    private string? ReadModel(ref Utf8JsonReader json, string what)
    {
        var position = _json.PlaceOf(json);
        var model = _json.ReadString(ref json, AliasNames.Model, what);
        if (model is not null && !ModelNames.IsValid(model))
        {
            _problems.Add(position, $"'{AliasNames.Model}' of {what} must be the name of a model, found '{FieldWords.Quote(model)}'");
        }

        return model;
    }

    private string? ReadHeader(ref Utf8JsonReader json, string where)
    {
        var position = _json.PlaceOf(json);
        var header = _json.ReadString(ref json, AliasNames.StickyHeader, where);

        // RFC 9110, section 5.6.2.
        if (header is not null && !(header.Length is > 0 and <= 128 && header.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))))
        {
            _problems.Add(position, $"'{AliasNames.StickyHeader}' of {where} must be the name of a header of at most 128 characters, found '{FieldWords.Quote(header)}'");
        }

        return header;
    }
}
