using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Host.Options;

/// <summary>Reads <c>--rate-limit</c>, and the values of <c>--rate-limit-resource</c>: <c>&lt;name&gt;:&lt;count&gt;[:&lt;device&gt;]</c>.</summary>
internal sealed class RateLimitReader(string source, List<string> errors)
{
    /// <summary>Reads all values; what is wrong is added to the errors.</summary>
    public RateLimiterOptions Read(bool usesResources, IEnumerable<string> values, int maxConcurrentExecutions)
    {
        var amounts = ImmutableArray.CreateBuilder<ResourceAmount>();
        foreach (var value in values)
        {
            var parts = value.Split(':');
            if (parts.Length is 2 or 3 && parts[0].Length > 0 && TryRead(parts[1], 1, out var count) && TryReadDevice(parts, out var device))
            {
                amounts.Add(new ResourceAmount(parts[0], device, count));
            }
            else
            {
                errors.Add($"{source}: expected <name>:<count> or <name>:<count>:<device>, with a count of at least 1, got '{value}'");
            }
        }

        if (amounts.Count > 0 && !usesResources)
        {
            errors.Add($"{source}: resources have no effect without --rate-limit=execution_count");
        }

        return new RateLimiterOptions { UsesResources = usesResources, Resources = amounts.ToImmutable(), MaxConcurrentExecutions = maxConcurrentExecutions };
    }

    private static bool TryReadDevice(string[] parts, out int? device)
    {
        device = null;
        if (parts.Length < 3)
        {
            return true;
        }

        var isRead = TryRead(parts[2], 0, out var number);
        device = number;
        return isRead;
    }

    private static bool TryRead(string text, int least, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least;
}
