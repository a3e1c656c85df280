using System.IO.Abstractions;
using System.Text.Json;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Plugins;

namespace InferenceServer.Host.Trials;

/// <summary>
/// What the server's program does when the server itself starts it to try a model: it loads the one model by its backend, says how that went, and ends. Some engines end the process
/// that gives them a model they cannot read; this process may end.
/// </summary>
internal static class TrialCommand
{
    /// <summary>The word that asks for it.</summary>
    public const string Word = "try-load";

    /// <summary>Runs it.</summary>
    /// <param name="input">A <see cref="TrialRequest"/> as JSON.</param>
    /// <param name="output">Where the <see cref="TrialAnswer"/> goes: the last line.</param>
    /// <returns>The exit code: 0 when an answer was given.</returns>
    public static async Task<int> RunAsync(Stream input, TextWriter output)
    {
        var request = await JsonSerializer.DeserializeAsync(input, TrialJson.Default.TrialRequest)
            ?? throw new InvalidDataException("no model was named");
        var answer = await TryAsync(request);
        await output.WriteLineAsync();
        await output.WriteLineAsync(JsonSerializer.Serialize(answer, TrialJson.Default.TrialAnswer));
        return 0;
    }

    private static async Task<TrialAnswer> TryAsync(TrialRequest request)
    {
        try
        {
            var parent = Path.GetDirectoryName(request.BackendFolder)!;
            var folder = new BackendFolderReader(new FileSystem(), [], BackendCode.CanBeLoaded).Read(parent).Single(one => one.Path == request.BackendFolder);
            using var backend = new PluginBackend(folder, trial: null);
            var context = request.ToContext();
            backend.Prepare(context);
            using var model = await backend.LoadAsync(context, CancellationToken.None);
            return new TrialAnswer(null, null);
        }
        catch (BackendException exception)
        {
            return new TrialAnswer(exception.Code, exception.Message);
        }
#pragma warning disable CA1031 // Whatever a backend throws is its answer.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new TrialAnswer(ErrorCode.Internal, $"{exception.GetType().Name}: {exception.Message}");
        }
    }
}
