using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using InferenceServer.Abstractions.Backends;

namespace InferenceServer.Backends.LightGbm.Engine;

/// <summary>
/// Where the library's messages go, which it would otherwise print. It has one receiver a thread and gives a line in pieces. Warnings reach the model's log; what it says
/// before it fails is in its error.
/// </summary>
internal static unsafe class EngineMessages
{
    private const int MaxLength = 4096;
    private const string Warning = "[Warning]";

    [ThreadStatic]
    private static StringBuilder? t_line;

    [ThreadStatic]
    private static IBackendLog? t_log;

    /// <summary>From now on what is said on this thread goes to <paramref name="log"/>; null for nowhere.</summary>
    public static void SendTo(IBackendLog? log)
    {
        t_line = log is null ? null : new StringBuilder();
        t_log = log;
        LightGbmLibrary.Check(LightGbmLibrary.RegisterLogCallback(&Receive));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Receive(byte* text)
    {
        if (t_line is not { } line || t_log is not { } log)
        {
            return;
        }

        foreach (var symbol in Marshal.PtrToStringUTF8((nint)text) ?? "")
        {
            if (symbol != '\n')
            {
                _ = line.Length < MaxLength ? line.Append(symbol) : line;
                continue;
            }

            var said = line.ToString();
            line.Clear();
            if (said.IndexOf(Warning, StringComparison.Ordinal) is var place and >= 0)
            {
                log.Warning($"LightGBM: {said[(place + Warning.Length)..].Trim()}");
            }
        }
    }
}
