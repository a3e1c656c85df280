using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Backends.Trees;

/// <summary>What a model's parameters and the server's settings ask of a tree model.</summary>
/// <param name="Threads">How many threads one execution may use.</param>
internal sealed record TreeSettings(int Threads)
{
    public const string ThreadsKey = "num_threads";

    /// <summary>More threads than this are a mistake on any machine.</summary>
    private const int MaxThreads = 1024;

    /// <summary>Reads them: the model's parameter goes before the server's setting, and without both an execution keeps to its lane's thread.</summary>
    /// <exception cref="BackendException">A value is not what its parameter takes.</exception>
    public static TreeSettings Read(ModelLoadContext context, string backend)
    {
        foreach (var key in context.Parameters.Keys.Where(static key => key != ThreadsKey))
        {
            context.Log.Warning($"parameter '{key}' is unknown to the {backend} backend and has no effect; known is {ThreadsKey}");
        }

        var ofServer = Count("backend setting", context.BackendSettings);
        return new TreeSettings(Count("parameter", context.Parameters) ?? ofServer ?? 1);
    }

    private static int? Count(string kind, IReadOnlyDictionary<string, string> values)
    {
        if (!values.TryGetValue(ThreadsKey, out var text))
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MaxThreads
            ? count
            : throw new BackendException(ErrorCode.InvalidArgument, $"{kind} '{ThreadsKey}': expected a whole number from 1 to {MaxThreads}, got '{text}'");
    }
}
