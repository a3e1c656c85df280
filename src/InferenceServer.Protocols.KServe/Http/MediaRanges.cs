using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Http;

/// <summary>Reads from <c>Accept</c> (RFC 9110, section 12.5.1) how much a client likes a type beside plain JSON.</summary>
internal static class MediaRanges
{
    /// <summary>Whether a media range names the type that is asked about.</summary>
    public delegate bool IsNamed(ReadOnlySpan<char> range);

    /// <summary>The weights of a type that must be named itself, since many clients accept anything, and of JSON.</summary>
    /// <param name="accept">The header's lines.</param>
    /// <param name="isNamed">Whether a range names the type.</param>
    /// <returns>Both weights from 0 to 1; 0 for what is not accepted, or not named.</returns>
    public static (double Named, double Json) Weigh(in StringValues accept, IsNamed isNamed)
    {
        double named = 0, json = 0;
        var jsonPrecedence = 0;
        foreach (var line in accept)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                var range = line.AsSpan(part);
                var semicolon = range.IndexOf(';');
                var type = (semicolon < 0 ? range : range[..semicolon]).Trim();
                var weight = semicolon < 0 ? 1 : WeightOf(range[(semicolon + 1)..]);
                if (isNamed(type))
                {
                    named = Math.Max(named, weight);
                }
                else if (PrecedenceFor(type) is var precedence && precedence > jsonPrecedence)
                {
                    // The closest range decides, and not the one of the greatest weight.
                    (json, jsonPrecedence) = (weight, precedence);
                }
            }
        }

        return (named, json);
    }

    private static int PrecedenceFor(ReadOnlySpan<char> range) =>
        range.Equals(JsonAnswer.ContentType, StringComparison.OrdinalIgnoreCase) ? 3
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
