using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Lifecycle;

/// <summary>The sentences that requests to load and unload are refused with.</summary>
internal static class RepositoryErrors
{
    public static InferenceError NotExplicit(ModelControlMode mode) =>
        new(ErrorCode.Unavailable, $"explicit model load / unload is not allowed: the server runs with --model-control-mode={(mode == ModelControlMode.None ? "none" : "poll")}, expected explicit")
        {
            Subject = "--model-control-mode",
            IsRetryable = false,
            Expected = "explicit",
        };

    public static InferenceError Name(string name) =>
        new(ErrorCode.InvalidArgument, $"invalid model name '{name}': expected the name of one folder, without '/', '\\' and a '.' in front, of at most {ModelNames.MaxLength} characters")
        {
            Subject = "model name",
            Actual = name,
        };

    /// <summary>Triton reports a name that it does not find as a fault of its own; clients have come to expect that.</summary>
    public static InferenceError NotFound(string name) =>
        new(ErrorCode.Internal, $"failed to load '{name}', failed to poll from model repository: no repository has a model of this name") { Subject = name };

    /// <summary>A plain name that says not enough.</summary>
    /// <param name="verb">What was to be done.</param>
    /// <param name="name">The name.</param>
    /// <param name="choices">The models that it may stand for.</param>
    public static InferenceError Ambiguous(string verb, string name, IEnumerable<string> choices) =>
        new(ErrorCode.InvalidArgument, $"failed to {verb} '{name}': several namespaces have a model of this name; name one of {NameChoices.Print(choices)}")
        {
            Subject = name,
            Expected = NameChoices.Print(choices),
        };

    public static InferenceError NoSuchNamespace(string name, string space, IEnumerable<string> spaces) =>
        new(ErrorCode.Internal, $"failed to load '{name}', failed to poll from model repository: there is no namespace '{space}', expected one of {NameChoices.Print(spaces)}")
        {
            Subject = name,
            Expected = NameChoices.Print(spaces),
            Actual = space,
        };

    public static InferenceError Unreachable(string name, string reason) =>
        new(ErrorCode.Unavailable, $"failed to load '{name}', failed to poll from model repository: {reason}") { Subject = name };

    public static InferenceError Refused(string name, string problem) =>
        new(ErrorCode.InvalidArgument, $"failed to load '{name}', failed to poll from model repository: {problem}") { Subject = name };

    public static InferenceError LoadFailed(string name, LoadFailure failure) =>
        new(failure.IsRetryable ? ErrorCode.Unavailable : ErrorCode.InvalidArgument, $"load failed for model '{name}': {failure.Reason}") { Subject = name };

    public static InferenceError NowhereToWrite(string name) =>
        new(ErrorCode.Unavailable, $"failed to load '{name}': the files that came with the request cannot be stored, since the server has no temporary folder to write to, or it is full") { Subject = name };

    public static InferenceError FilePath(string name, string path, string problem) =>
        new(ErrorCode.InvalidArgument, $"failed to load '{name}': the parameter '{ModelOverride.FilePrefix}{path}' names no file: {problem}")
        {
            Subject = ModelOverride.FilePrefix + path,
            Expected = "<version>/<file>",
            Actual = path,
        };
}
