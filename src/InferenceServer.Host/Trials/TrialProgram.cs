using System.Diagnostics;
using System.IO.Abstractions;

namespace InferenceServer.Host.Trials;

/// <summary>Which program a trial runs: the server's own.</summary>
internal static class TrialProgram
{
    private const string Name = "inference-server";

    /// <summary>How to start it; null where there is no way.</summary>
    /// <param name="running">The path of the program that runs now.</param>
    /// <param name="assembly">The path of the server's assembly; empty in a program of one file.</param>
    /// <param name="files">The file system.</param>
    public static ProcessStartInfo? Find(string? running, string assembly, IFileSystem files)
    {
        var name = Path.GetFileNameWithoutExtension(running);
        if (running is not null && name == Name)
        {
            return new ProcessStartInfo(running, [TrialCommand.Word]);
        }

        if (assembly.Length == 0)
        {
            return null;
        }

        if (running is not null && name == "dotnet")
        {
            return new ProcessStartInfo(running, ["exec", assembly, TrialCommand.Word]);
        }

        // Within another program, such as a test: its own is beside the assembly.
        var beside = Path.Combine(Path.GetDirectoryName(assembly)!, OperatingSystem.IsWindows() ? $"{Name}.exe" : Name);
        return files.File.Exists(beside) ? new ProcessStartInfo(beside, [TrialCommand.Word]) : null;
    }
}
