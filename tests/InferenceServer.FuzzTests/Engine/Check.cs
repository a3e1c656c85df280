using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.FuzzTests.Engine;

/// <summary>What must hold.</summary>
internal static partial class Check
{
    /// <summary>More than any sentence takes that names a tensor, what was expected and what came.</summary>
    private const int LongestMessage = 6000;

    public static void That([DoesNotReturnIf(false)] bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new FuzzFindingException(otherwise);
        }
    }

    /// <summary>A refusal is the client's matter, is one sentence of bearable length, and shows nothing of the inside.</summary>
    /// <returns>Its kind and how the sentence begins, before anything that comes from the input.</returns>
    public static string IsClean(InferenceError error)
    {
        That(error.Code is not ErrorCode.Internal, $"an internal error: {error.Message}");
        That(error.Message.Length is > 0 and <= LongestMessage, $"a message of {error.Message.Length} characters");
        That(!error.Message.Contains("\n   at ", StringComparison.Ordinal), $"a stack in the message: {error.Message}");
        That(!error.Message.Contains("System.", StringComparison.Ordinal), $"a type of the runtime in the message: {error.Message}");
        return $"{error.Code} {Beginning().Match(error.Message).Value}";
    }

    [GeneratedRegex("^[A-Za-z ]{0,30}")]
    private static partial Regex Beginning();
}
