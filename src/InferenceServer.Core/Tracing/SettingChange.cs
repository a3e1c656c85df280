namespace InferenceServer.Core.Tracing;

/// <summary>What a client says of one setting: nothing, a value, or that it is to fall back to what lies beneath.</summary>
/// <typeparam name="T">The setting's type.</typeparam>
public readonly record struct SettingChange<T>
    where T : struct
{
    /// <summary>A change.</summary>
    /// <param name="value">The new value; null to fall back.</param>
    public SettingChange(T? value)
    {
        IsGiven = true;
        Value = value;
    }

    /// <summary>False when the setting stays as it is.</summary>
    public bool IsGiven { get; }

    /// <summary>The new value; null to fall back.</summary>
    public T? Value { get; }

    /// <summary>The setting after the change.</summary>
    internal T? ApplyTo(T? current) => IsGiven ? Value : current;
}
