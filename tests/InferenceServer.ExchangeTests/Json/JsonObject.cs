namespace InferenceServer.ExchangeTests.Json;

/// <summary>The members of a JSON object, in their order.</summary>
internal sealed class JsonObject : List<KeyValuePair<string, object?>>
{
    /// <summary>The member's value; null when there is none, or when it is null.</summary>
    public object? this[string name]
    {
        get => TryGet(name, out var value) ? value : null;
        set
        {
            var index = FindIndex(member => member.Key == name);
            if (index < 0)
            {
                Add(new(name, value));
            }
            else
            {
                base[index] = new(name, value);
            }
        }
    }

    public bool Has(string name) => TryGet(name, out _);

    public bool TryGet(string name, out object? value)
    {
        foreach (var member in this)
        {
            if (member.Key == name)
            {
                value = member.Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>Takes a member out; null when there is none.</summary>
    public object? Take(string name)
    {
        var value = this[name];
        RemoveAll(member => member.Key == name);
        return value;
    }

    /// <summary>The member's text; null when there is none.</summary>
    public string? Text(string name) => (string?)this[name];

    /// <summary>The member's whole number; null when there is none.</summary>
    public int? Number(string name) => this[name] is System.Numerics.BigInteger number ? (int)number : null;

    /// <summary>The member's object; null when there is none.</summary>
    public JsonObject? Object(string name) => (JsonObject?)this[name];

    /// <summary>The member's list; empty when there is none.</summary>
    public List<object?> List(string name) => (List<object?>?)this[name] ?? [];

    /// <summary>The member's list of texts; empty when there is none.</summary>
    public string[] Texts(string name) => [.. List(name).Cast<string>()];
}
