using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace InferenceServer.Abstractions.Models;

/// <summary>Processors of the machine, by the numbers that the operating system gives them. Two sets are equal when they hold the same.</summary>
public sealed class ProcessorSet : IEquatable<ProcessorSet>
{
    /// <summary>Numbers are below this: that of a larger one is a slip of the pen.</summary>
    public const int MaxProcessors = 8192;

    /// <summary>Makes a set.</summary>
    /// <param name="ids">The numbers; at least one, each from 0 to below <see cref="MaxProcessors"/>. Those given twice count once.</param>
    public ProcessorSet(IEnumerable<int> ids)
    {
        Ids = [.. ids.Distinct().Order()];
        if (Ids.IsEmpty || Ids[0] < 0 || Ids[^1] >= MaxProcessors)
        {
            throw new ArgumentException($"expected numbers from 0 to {MaxProcessors - 1}, at least one", nameof(ids));
        }
    }

    /// <summary>The numbers, ascending.</summary>
    public ImmutableArray<int> Ids { get; }

    /// <summary>Reads numbers and ranges as the kernel and Triton write them, such as <c>0-3,8</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="processors">The set; null when the text is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ProcessorSet? processors)
    {
        ArgumentNullException.ThrowIfNull(text);
        processors = null;
        var ids = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            if (!TryRead(dash < 0 ? part : part[..dash], out var first) || !TryRead(dash < 0 ? part : part[(dash + 1)..], out var last) || last < first)
            {
                return false;
            }

            ids.AddRange(Enumerable.Range(first, last - first + 1));
        }

        processors = new ProcessorSet(ids);
        return true;
    }

    /// <inheritdoc />
    public bool Equals(ProcessorSet? other) => other is not null && Ids.AsSpan().SequenceEqual(other.Ids.AsSpan());

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as ProcessorSet);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Ids.Length, Ids[0], Ids[^1]);

    /// <summary>The numbers, those that follow one another as a range: <c>0-3,8</c>.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        for (int first = 0, last; first < Ids.Length; first = last + 1)
        {
            last = first;
            while (last + 1 < Ids.Length && Ids[last + 1] == Ids[last] + 1)
            {
                last++;
            }

            parts.Add(first == last ? FormattableString.Invariant($"{Ids[first]}") : FormattableString.Invariant($"{Ids[first]}-{Ids[last]}"));
        }

        return string.Join(',', parts);
    }

    private static bool TryRead(string text, out int id) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id < MaxProcessors;
}
