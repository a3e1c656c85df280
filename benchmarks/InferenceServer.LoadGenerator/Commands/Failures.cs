using InferenceServer.Bench;

namespace InferenceServer.LoadGenerator.Commands;

internal static class Failures
{
    /// <summary>Runs a command; a foreseen failure becomes one line and exit code 1.</summary>
    public static async Task<int> ReportAsync(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (BenchException e)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A port in use, a report that cannot be written.
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("stopped before the end");
            return 1;
        }
    }
}
