using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using Microsoft.Extensions.Primitives;

namespace InferenceServer.Protocols.KServe.Forwarding;

/// <summary>
/// Hands headers of a request on to the model as parameters: those in whose name the operator's pattern is found, whatever the case of the
/// letters. The time that a search takes grows with the name's length alone, since names come from outside.
/// </summary>
public sealed class HeaderForwarding
{
    private const string ReservedPrefix = "triton_";

    private static readonly string[] s_reserved = ["sequence_id", "sequence_start", "sequence_end", "priority", "timeout", "headers", "binary_data_output"];

    // Credentials say who calls; a model that has them could be the caller elsewhere.
    private static readonly string[] s_credentials = ["authorization", "proxy-authorization", "x-api-key", "cookie"];

    private readonly Regex _pattern;

    private HeaderForwarding(Regex pattern) => _pattern = pattern;

    /// <summary>Reads a pattern.</summary>
    /// <param name="pattern">A regular expression without look-around and back-references, which cannot be searched for in linear time.</param>
    /// <param name="forwarding">What forwards.</param>
    /// <param name="problem">What is wrong with the pattern.</param>
    public static bool TryCreate(string pattern, [NotNullWhen(true)] out HeaderForwarding? forwarding, [NotNullWhen(false)] out string? problem)
    {
        forwarding = null;
        problem = null;
        try
        {
            forwarding = new HeaderForwarding(new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant));
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            problem = exception.Message;
            return false;
        }
    }

    /// <summary>
    /// Adds the matching headers, each as a text under the header's name. A parameter that the request's body has under that name, in whatever case, gives way:
    /// headers are what a proxy in front can vouch for.
    /// </summary>
    /// <returns>InvalidArgument when a matching name belongs to the protocol, or null.</returns>
    public InferenceError? Forward(IEnumerable<KeyValuePair<string, StringValues>> headers, IDictionary<string, ParameterValue> parameters)
    {
        ArgumentNullException.ThrowIfNull(headers);
        ArgumentNullException.ThrowIfNull(parameters);
        foreach (var (name, values) in headers)
        {
            if (!_pattern.IsMatch(name) || s_credentials.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                continue;
            }

            if (s_reserved.Contains(name, StringComparer.OrdinalIgnoreCase) || name.StartsWith(ReservedPrefix, StringComparison.OrdinalIgnoreCase))
            {
                return new InferenceError(ErrorCode.InvalidArgument, $"Header '{name}' is reserved for Triton usage and cannot be forwarded.") { Subject = name };
            }

            foreach (var other in parameters.Keys.Where(key => key.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray())
            {
                parameters.Remove(other);
            }

            parameters[name] = ParameterValue.FromString(values.ToString());
        }

        return null;
    }
}
