using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Routing;

/// <summary>The sentences that requests to aliases, and about them, are refused with.</summary>
internal static class AliasErrors
{
    public static InferenceError Unknown(string name) => new(ErrorCode.NotFound, $"there is no alias '{name}'") { Subject = name };

    public static InferenceError NoVersions(AliasConfig alias, string version) => new(
        ErrorCode.NotFound,
        $"Request for unknown model: '{alias.Name}' version {version} is not found: '{alias.Name}' is an alias, which has no versions; ask for it without one, or for what it stands for ({alias.Describe()})")
    {
        Subject = alias.Name,
        Expected = "no version",
        Actual = version,
    };

    public static InferenceError NoTarget(string name, InferenceError error) =>
        new(ErrorCode.Unavailable, $"Request for alias '{name}': none of its targets is ready; of one of them it is said: {error.Message}") { Subject = name };

    public static InferenceError NoTarget(string name) => new(ErrorCode.Unavailable, $"Request for alias '{name}': none of its targets is ready") { Subject = name };

    public static InferenceError NotExplicit(ModelControlMode mode) => new(
        ErrorCode.Unavailable,
        $"aliases are not changed by request: the server runs with --model-control-mode={(mode == ModelControlMode.None ? "none" : "poll")}, where {AliasFiles.FileName} says what they are; expected explicit")
    {
        Subject = "--model-control-mode",
        Expected = "explicit",
        IsRetryable = false,
    };

    public static InferenceError Name(string name) => new(
        ErrorCode.InvalidArgument,
        $"invalid alias name '{name}': expected what could be the name of a model's folder, without '/', '\\' and a '.' in front, of at most {ModelNames.MaxLength} characters")
    {
        Subject = "alias name",
        Actual = name,
    };

    public static InferenceError NameOfModel(string name) =>
        new(ErrorCode.AlreadyExists, $"'{name}' cannot be an alias: a repository has a model of this name, which goes before") { Subject = name };

    public static InferenceError Config(string name, string problems) => new(ErrorCode.InvalidArgument, $"alias '{name}' is not changed: {problems}") { Subject = name };

    public static InferenceError TargetIsAlias(string name, string target) =>
        new(ErrorCode.InvalidArgument, $"alias '{name}' is not changed: '{target}' is an alias itself, expected a model") { Subject = target, Expected = "a model", Actual = "an alias" };

    public static InferenceError TooMany(string name) => new(
        ErrorCode.ResourceExhausted,
        $"alias '{name}' is not made: there are {AliasConfig.MaxAliases} aliases, which is the most that there may be")
    {
        Subject = name,
        Expected = $"at most {AliasConfig.MaxAliases} aliases",
        IsRetryable = false,
    };

    public static InferenceError Changed(string name, string? tag) => new(
        ErrorCode.InvalidArgument,
        $"alias '{name}' is not changed: it is not what the condition of the request expects; {(tag is null ? "there is none" : $"its tag is \"{tag}\" now")}")
    {
        Subject = name,
        Actual = tag ?? "no alias",
    };

    public static InferenceError PromoteWhich(AliasConfig alias) => new(
        ErrorCode.InvalidArgument,
        $"alias '{alias.Name}' is not changed: it has no single target beside the stable one, so that the request must say which one is meant, as {{\"model\": ..., \"version\": ...}}; its targets are {Targets(alias)}")
    {
        Subject = "model",
        Expected = $"one of {Targets(alias)}",
        Actual = "nothing",
    };

    public static InferenceError NoSuchTarget(AliasConfig alias, AliasTarget target) => new(
        ErrorCode.InvalidArgument,
        $"alias '{alias.Name}' is not changed: {target} is none of its targets, which are {Targets(alias)}")
    {
        Subject = "model",
        Expected = $"one of {Targets(alias)}",
        Actual = target.ToString(),
    };

    public static InferenceError NothingToRollBack(AliasConfig alias) => new(
        ErrorCode.InvalidArgument,
        $"alias '{alias.Name}' is not changed: all its traffic goes to the stable target already, and nothing was in force before that it could go back to")
    {
        Subject = alias.Name,
    };

    public static InferenceError NothingBefore(string name) =>
        new(ErrorCode.InvalidArgument, $"alias '{name}' is not changed: nothing was in force before that it could go back to") { Subject = name };

    private static string Targets(AliasConfig alias) => string.Join(", ", alias.Targets);
}
