using System.Diagnostics;
using InferenceServer.FunctionalTests.Server;

namespace InferenceServer.ContainerTests.Engine;

/// <summary>Programs of the machine, run to their end.</summary>
internal static class Command
{
    /// <summary>Runs a program in the root of the checkout.</summary>
    /// <returns>The exit code, and both outputs together.</returns>
    public static Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments) => RunAsync("", program, arguments);

    /// <summary>The same with something to read.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string input, string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = RepositoryRoot.Path,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CONTAINERS_CONF"] = Path.Combine(RepositoryRoot.Path, ".ci", "containers.conf");
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    /// <summary>The path of a program; null when the machine has it not.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
