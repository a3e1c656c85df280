using System.Diagnostics;
using InferenceServer.Testing.Files;
using Xunit;
using Xunit.Sdk;

namespace InferenceServer.Testing.Native;

/// <summary>A native library that is made from its source by the C compiler of the machine; without one the test is skipped.</summary>
public class CompiledLibrary : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    /// <summary>Compiles it.</summary>
    /// <param name="source">Its source, among the tests' data.</param>
    /// <param name="name">What the library is called.</param>
    /// <param name="define">A macro that leaves something out; null for the whole of it.</param>
    public CompiledLibrary(string source, string name, string? define = null)
    {
        FullPath = Path.Combine(_folder.FullPath, name);
        var start = new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O1", "-o", FullPath, RepositoryFiles.TestData(source), "-lpthread", "-lrt", .. define is null ? [] : new[] { "-D" + define }])
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

    /// <summary>Where it lies.</summary>
    public string FullPath { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
