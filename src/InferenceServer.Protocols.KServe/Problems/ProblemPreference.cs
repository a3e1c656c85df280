using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Problems;

/// <summary>Reads from <c>Accept</c> (RFC 9110, section 12.5.1) whether a client wants an error with its details.</summary>
internal static class ProblemPreference
{
    /// <summary>The type of an error with its details (RFC 9457).</summary>
    public const string MediaType = "application/problem+json";

    private const string PlainType = "application/json";

    /// <summary>
    /// True when the client names the type itself and does not like plain JSON better: many clients accept anything, and some of them refuse
    /// members that they do not know.
    /// </summary>
    public static bool WantsDetails(in StringValues accept)
    {
        double wanted = 0, plain = 0;
        var plainPrecedence = 0;
        foreach (var line in accept)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                var range = line.AsSpan(part);
                var semicolon = range.IndexOf(';');
                var type = (semicolon < 0 ? range : range[..semicolon]).Trim();
                var weight = semicolon < 0 ? 1 : WeightOf(range[(semicolon + 1)..]);
                if (type.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
                {
                    wanted = Math.Max(wanted, weight);
                }
                else if (PrecedenceFor(type) is var precedence && precedence > plainPrecedence)
                {
                    // The closest range decides, and not the one of the greatest weight.
                    (plain, plainPrecedence) = (weight, precedence);
                }
            }
        }

        return wanted > 0 && wanted >= plain;
    }

    private static int PrecedenceFor(ReadOnlySpan<char> range) =>
        range.Equals(PlainType, StringComparison.OrdinalIgnoreCase) ? 3
        : range.Equals("application/*", StringComparison.OrdinalIgnoreCase) ? 2
        : range is "*/*" ? 1
        : 0;

    /// <summary>The weight among the parameters of a range: 1 when there is none, 0 when it is no weight.</summary>
    private static double WeightOf(ReadOnlySpan<char> parameters)
    {
        foreach (var part in parameters.Split(';'))
        {
            var parameter = parameters[part].Trim();
            if (parameter is ['q' or 'Q', '=', ..])
            {
                return double.TryParse(parameter[2..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) && weight <= 1 ? weight : 0;
            }
        }

        return 1;
    }
}
