using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Http;

namespace InferenceServer.Protocols.KServe.Settings;

/// <summary>The sentences that a change of settings is refused with, over HTTP as over gRPC.</summary>
internal static class SettingErrors
{
    /// <summary>What a client sent is quoted only as far as a person reads it.</summary>
    private const int LongestQuote = 100;

    public static InferenceError EmptyBody() =>
        new(ErrorCode.InvalidArgument, "the request body is empty, expected a JSON object of settings") { Expected = "a JSON object", Actual = "nothing" };

    /// <summary>What nobody knows is most probably a slip of the pen: a client that is told so does not believe that it has changed something.</summary>
    public static InferenceError Unknown(string name, string known) => Invalid(name, known, name, $"there is no setting '{Cut(name)}', expected one of {known}");

    public static InferenceError FixedAtStart(string name) =>
        new(ErrorCode.Unsupported, $"'{name}' is set where the server is started and can not be updated through network protocol") { Subject = name };

    public static InferenceError Kind(string name, string expected, JsonKind actual) => Kind(name, expected, RequestErrors.Describe(actual));

    public static InferenceError Kind(string name, string expected, string actual) => Invalid(name, expected, actual, $"expect {expected} for '{name}', got {Cut(actual)}");

    public static InferenceError Value(string name, string expected, string actual) => Invalid(name, expected, actual, $"invalid value for '{name}': expected {expected}, got '{Cut(actual)}'");

    private static InferenceError Invalid(string subject, string expected, string actual, string message) =>
        new(ErrorCode.InvalidArgument, message) { Subject = Cut(subject), Expected = expected, Actual = Cut(actual) };

    private static string Cut(string text) => ClippedText.Of(text, LongestQuote);
}
