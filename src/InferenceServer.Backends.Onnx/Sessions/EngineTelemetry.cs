using System.Runtime.InteropServices;

namespace InferenceServer.Backends.Onnx.Sessions;

/// <summary>
/// Keeps the engine from telling its makers about the machine and the models: its builds collect events in a database in the user's folder and send them off, unless a variable of the environment says
/// otherwise. A server tells nobody of what it serves. Whoever sets the variable himself decides.
/// </summary>
internal static partial class EngineTelemetry
{
    public const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>Switches it off. To be called before the engine is loaded, and while few threads run: the C library's environment is not made for changes beside readers.</summary>
    public static void SwitchOff()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null)
        {
            return;
        }

        Environment.SetEnvironmentVariable(Variable, "1");
        if (!OperatingSystem.IsWindows())
        {
            // .NET keeps an environment of its own, and the engine reads that of the C library.
            _ = SetEnvironment(Variable, "1", overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
