using System.Globalization;
using System.Text.Json;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Routing;

/// <summary>Walks a text of JSON and reports what is not as it must be, with its place. A value that is wrong is passed over.</summary>
internal sealed class AliasJsonReader(ReadOnlyMemory<byte> utf8, ProblemList problems)
{
    private readonly JsonPlaces _places = new(utf8);

    /// <summary>Reads the value that the reader stands at.</summary>
    public delegate void ValueReader(ref Utf8JsonReader json);

    /// <summary>Reads the value of a member, which the reader stands at.</summary>
    public delegate void MemberReader(ref Utf8JsonReader json, string name, ConfigPosition position);

    public ConfigPosition PlaceOf(in Utf8JsonReader json) => _places.Of(json.TokenStartIndex);

    /// <summary>Reads the whole text.</summary>
    public void Read(ValueReader root)
    {
        try
        {
            var json = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = 8 });
            json.Read();
            root(ref json);
            json.Read();
        }
        catch (JsonException exception)
        {
            // The exception's text ends with a place of its own, counted from 0.
            var words = exception.Message.Split(" LineNumber:")[0].TrimEnd('.');
            problems.Add(_places.Of(exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0), $"this is not JSON: {FieldWords.Quote(words)}");
        }
    }

    /// <summary>Reads an object.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="what">What the object is, in messages.</param>
    /// <param name="known">The members that there may be; null for any.</param>
    /// <param name="member">Reads one member.</param>
    /// <returns>False when it is no object.</returns>
    public bool ReadObject(ref Utf8JsonReader json, string what, string[]? known, MemberReader member)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            Report(ref json, $"{what} must be an object");
            return false;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var position = PlaceOf(json);
            var name = JsonScalarReader.TextOf(ref json);
            json.Read();
            if (known is not null && !known.Contains(name, StringComparer.Ordinal))
            {
                var suggestion = problems.IsFull ? null : DidYouMean.Suggest(name, known) ?? $"known are {string.Join(", ", known)}";
                problems.Add(position, $"{what} has no member '{FieldWords.Quote(name)}'", suggestion);
                json.Skip();
            }
            else if (!seen.Add(name))
            {
                problems.Add(position, $"'{FieldWords.Quote(name)}' of {what} is there twice");
                json.Skip();
            }
            else
            {
                member(ref json, name, position);
            }
        }

        return true;
    }

    /// <summary>Reads an array.</summary>
    public void ReadArray(ref Utf8JsonReader json, string what, int most, ValueReader entry)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            Report(ref json, $"{what} must be an array");
            return;
        }

        var count = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (++count > most)
            {
                if (count == most + 1)
                {
                    problems.Add(PlaceOf(json), $"{what} has more than {most} entries");
                }

                json.Skip();
                continue;
            }

            entry(ref json);
        }
    }

    public string? ReadString(ref Utf8JsonReader json, string member, string what)
    {
        if (json.TokenType == JsonTokenType.String)
        {
            return JsonScalarReader.TextOf(ref json);
        }

        Report(ref json, $"'{member}' of {what} must be a string");
        return null;
    }

    public bool ReadBool(ref Utf8JsonReader json, string member, string what)
    {
        if (json.TokenType is JsonTokenType.True or JsonTokenType.False)
        {
            return json.GetBoolean();
        }

        Report(ref json, $"'{member}' of {what} must be true or false");
        return false;
    }

    public double? ReadNumber(ref Utf8JsonReader json, string member, string what, double least, double most)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetDouble(out var value) && value >= least && value <= most)
        {
            return value;
        }

        Report(ref json, string.Create(CultureInfo.InvariantCulture, $"'{member}' of {what} must be a number from {least} to {most}"));
        return null;
    }

    public long? ReadInteger(ref Utf8JsonReader json, string member, string what, long least, long most)
    {
        if (json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var value) && value >= least && value <= most)
        {
            return value;
        }

        Report(ref json, string.Create(CultureInfo.InvariantCulture, $"'{member}' of {what} must be a whole number from {least} to {most}"));
        return null;
    }

    /// <summary>Reads a version: a number, or as text, as the protocols have it.</summary>
    public long? ReadVersion(ref Utf8JsonReader json, string what)
    {
        var text = json.TokenType is JsonTokenType.Number or JsonTokenType.String ? JsonScalarReader.TextOf(ref json) : "";
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0)
        {
            return version;
        }

        Report(ref json, $"'{AliasNames.Version}' of {what} must be a whole number above 0", "leave it out for the highest version that is ready");
        return null;
    }

    private void Report(ref Utf8JsonReader json, string expected, string? suggestion = null)
    {
        problems.Add(PlaceOf(json), $"{expected}, found {JsonScalarReader.Describe(ref json)}", suggestion);
        json.Skip();
    }
}
