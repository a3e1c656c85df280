using System.IO.Abstractions;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using InferenceServer.Bench.Commands;

namespace InferenceServer.Host.Benching;

/// <summary>The way to <c>inference-server bench</c>. Nothing of the load tool is read from disk until it is asked for.</summary>
internal static class BenchEntry
{
    public const string Word = "bench";

    /// <summary>True for a command line that is for this.</summary>
    public static bool IsFor(string[] args) => args is [Word, ..];

    /// <returns>The exit code.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        using var stop = new CancellationTokenSource();
        void End(PosixSignalContext signal)
        {
            // Whoever asks twice does not want to wait for what was measured.
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }

        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        return await new BenchCommand(new FileSystem(), Environment.GetEnvironmentVariable, TimeProvider.System)
            .RunAsync(args[1..], output, errors, !Console.IsErrorRedirected, stop.Token);
    }
}
