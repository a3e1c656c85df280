using System.Diagnostics;
using InferenceServer.Testing.Files;
using Xunit;
using Xunit.Sdk;

namespace InferenceServer.Testing.Cuda;

/// <summary>
/// A library of the driver's name and functions that keeps the memory of its devices in the machine's: real calls and real handles between
/// processes, without a device. It is made from its source by the C compiler of the machine; without one the test is skipped.
/// </summary>
public sealed class HostCudaLibrary : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    /// <summary>Compiles it.</summary>
    /// <param name="define">A macro that leaves something out; null for the whole of it.</param>
    public HostCudaLibrary(string? define = null)
    {
        var start = new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O1", "-o", FullPath, RepositoryFiles.TestData(Path.Combine("cuda", "driver.c")), "-lpthread", "-lrt", .. define is null ? [] : new[] { "-D" + define }])
        {
            RedirectStandardError = true,
        };
        Process compiler;
        try
        {
            compiler = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            _folder.Dispose();
            throw SkipException.ForSkip("there is no C compiler on this machine (Debian, Ubuntu: apt-get install gcc libc6-dev)");
        }

        using (compiler)
        {
            var said = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Assert.True(compiler.ExitCode == 0, said);
        }
    }

    /// <summary>The folder that it lies in.</summary>
    public string Folder => _folder.FullPath;

    public string FullPath => Path.Combine(_folder.FullPath, "libcuda.so.1");

    public void Dispose() => _folder.Dispose();
}
