using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Protocols.KServe.Repository;

/// <summary>The sentences that requests about the repository are refused with, over both protocols.</summary>
internal static class RepositoryErrors
{
    public static InferenceError NamedRepository() =>
        new(ErrorCode.Unsupported, "'repository_name' specification is not supported: a model is found in whichever repository has it") { Subject = "repository_name", Expected = "nothing" };

    public static InferenceError UnknownParameter(string name) =>
        Invalid($"unrecognized load parameter '{name}'.", name, $"'config' or '{ModelOverride.FilePrefix}<version>/<file>'", name);

    public static InferenceError ParameterKind(string name, string expected, string actual) =>
        Invalid($"invalid value type for parameter '{name}'.", name, expected, actual);

    public static InferenceError NotBase64(string name) =>
        Invalid($"the parameter '{name}' holds no base64.", name, "the content of a file in base64", "something else");

    public static InferenceError FilesWithoutConfig(string model) =>
        Invalid($"failed to load '{model}': Load parameter 'config' must be specified for model file override.", "config", "a model configuration as JSON", "nothing");

    public static InferenceError TooManyFiles() =>
        Invalid("the request brings too many files.", "parameters", $"at most {ModelOverride.MaxFiles} files", "more");

    private static InferenceError Invalid(string what, string subject, string expected, string actual) =>
        new(ErrorCode.InvalidArgument, $"{what} Expected {expected}, got {actual}") { Subject = subject, Expected = expected, Actual = actual };
}
