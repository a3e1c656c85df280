using System.Diagnostics;
using System.Text.Json;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;

namespace InferenceServer.Host.Trials;

/// <summary>
/// Has a model loaded in a process of its own before the server loads it, for engines that end the process that gives them a model they cannot read.
/// </summary>
/// <param name="folder">The folder of the backend.</param>
/// <param name="program">The program to run.</param>
internal sealed class LoadTrial(string folder, ProcessStartInfo program)
{
    /// <summary>The server's setting for a backend that goes without: <c>0</c>.</summary>
    public const string SettingKey = "trial_load";

    // What is kept of what the other process writes. Characters.
    private const int MaxKept = 65_536;

    /// <summary>Tries it.</summary>
    /// <exception cref="BackendException">The model cannot be loaded; the message says why.</exception>
    public async Task RunAsync(ModelLoadContext context, CancellationToken cancellation)
    {
        if (!IsWanted(context))
        {
            return;
        }

        using var process = Start(context);
        if (process is null)
        {
            return;
        }

        try
        {
            var errors = ReadAsync(process.StandardError, cancellation);
            var output = ReadAsync(process.StandardOutput, cancellation);
            await SendAsync(process, context, cancellation).ConfigureAwait(false);
            var answer = Parse(await output.ConfigureAwait(false));
            var words = await errors.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            if (answer is null || process.ExitCode != 0)
            {
                throw new BackendException(
                    ErrorCode.InvalidArgument,
                    $"the engine ended the process in which the model was loaded for a try ({CrashReport.Read(process.ExitCode, words)}); the server has not loaded it");
            }

            if (answer.Code is { } code)
            {
                throw new BackendException(code, answer.Message ?? "");
            }
        }
        finally
        {
            Stop(process);
        }
    }

    private static bool IsWanted(ModelLoadContext context) => context.BackendSettings.GetValueOrDefault(SettingKey) switch
    {
        null or "1" or "true" => true,
        "0" or "false" => false,
        var text => throw new BackendException(ErrorCode.InvalidArgument, $"backend setting '{SettingKey}': expected 0, 1, false or true, got '{text}'"),
    };

    private Process? Start(ModelLoadContext context)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program.FileName, program.ArgumentList)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                Environment = { ["DOTNET_DbgEnableMiniDump"] = "0", ["DOTNET_gcServer"] = "0" },
            });
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            context.Log.Warning($"the model is loaded without a try in a process of its own, which cannot be started: {exception.Message}");
            return null;
        }
    }

    private async Task SendAsync(Process process, ModelLoadContext context, CancellationToken cancellation)
    {
        try
        {
            await JsonSerializer.SerializeAsync(process.StandardInput.BaseStream, TrialRequest.Of(folder, context), TrialJson.Default.TrialRequest, cancellation).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended before it has read everything; its exit code says more.
        }
    }

    // Everything is read, or else it would wait; the end alone is kept.
    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellation)
    {
        var kept = new char[MaxKept];
        var length = 0;
        var buffer = new char[4096];
        for (int read; (read = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
        {
            if (length + read > MaxKept)
            {
                var drop = length + read - MaxKept;
                kept.AsSpan(drop, length - drop).CopyTo(kept);
                length -= drop;
            }

            buffer.AsSpan(0, read).CopyTo(kept.AsSpan(length));
            length += read;
        }

        return new string(kept, 0, length);
    }

    private static TrialAnswer? Parse(string output)
    {
        var line = output.AsSpan().TrimEnd();
        line = line[(line.LastIndexOf('\n') + 1)..];
        try
        {
            return JsonSerializer.Deserialize(line, TrialJson.Default.TrialAnswer);
        }
        catch (JsonException)
        {
            // An engine's own words, and no answer after them.
            return null;
        }
    }

    private static void Stop(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }
}
