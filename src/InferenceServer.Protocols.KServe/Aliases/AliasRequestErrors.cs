using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Protocols.KServe.Aliases;

/// <summary>The sentences that requests about aliases are refused with before the core sees them.</summary>
internal static class AliasRequestErrors
{
    public static InferenceError Unknown(string name) => new(ErrorCode.NotFound, $"there is no alias '{name}'") { Subject = name };

    public static InferenceError Condition(string header, string expected) =>
        new(ErrorCode.InvalidArgument, $"the header {header} is not understood: expected {expected}") { Subject = header, Expected = expected };
}
