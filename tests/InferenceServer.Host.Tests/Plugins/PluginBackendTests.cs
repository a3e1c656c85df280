using System.Runtime.InteropServices;
using System.Runtime.Loader;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Host.Plugins;
using Xunit;

namespace InferenceServer.Host.Tests.Plugins;

/// <summary>Backends from folders of their own, compiled by the test: those that work, and those that are broken in each way that there is.</summary>
public sealed class PluginBackendTests : IDisposable
{
    private readonly PluginFolder _folder = new();

    [Fact]
    public async Task Code_IsLoadedWithTheFirstModelAndNotBefore()
    {
        _folder.Compile("lazy_one", "Lazy", PluginFolder.TellingBackend("lazy_one", "typeof(Telling).Assembly.GetName().Name"));
        _folder.Describe("lazy_one", "Lazy", "Telling");
        using var backend = _folder.Open("lazy_one");
        Assert.Equal("lazy_one", backend.Descriptor.Name);
        Assert.DoesNotContain(AssemblyLoadContext.All, static context => context.Name == "backend lazy_one");
        Assert.Equal("says Lazy", await FailAsync(backend));
        Assert.Single(AssemblyLoadContext.All, static context => context.Name == "backend lazy_one");

        // The next model finds it there.
        Assert.Equal("says Lazy", await FailAsync(backend));
        Assert.Single(AssemblyLoadContext.All, static context => context.Name == "backend lazy_one");
    }

    [Fact]
    public async Task LibrariesOfOneNameAndDifferentContent_DoNotMeet()
    {
        foreach (var (name, word) in new[] { ("one", "first"), ("two", "second") })
        {
            var shared = _folder.Compile(name, "Shared", $"public static class Shared {{ public static string Word => \"{word}\"; }}");
            _folder.Compile(name, "Own", PluginFolder.TellingBackend(name, "Shared.Word"), shared);
            _folder.Describe(name, "Own", "Telling");
        }

        using var first = _folder.Open("one");
        using var second = _folder.Open("two");
        Assert.Equal(("says first", "says second"), (await FailAsync(first), await FailAsync(second)));
    }

    [Fact]
    public async Task LibraryThatTheServerHasToo_IsTheBackendsOwn()
    {
        // The server's own of that name has no such type.
        var own = _folder.Compile("proto", "Google.Protobuf", "namespace Google.Protobuf { public static class Mine { public static string Word => \"own\"; } }");
        _folder.Compile("proto", "Own", PluginFolder.TellingBackend("proto", "Google.Protobuf.Mine.Word"), own);
        _folder.Describe("proto", "Own", "Telling");
        using var backend = _folder.Open("proto");
        Assert.NotNull(typeof(Google.Protobuf.ByteString).Assembly);
        Assert.Equal("says own", await FailAsync(backend));
    }

    [Fact]
    public async Task ContractInTheFolder_IsNotUsed()
    {
        _folder.Compile("copied", "Own", PluginFolder.TellingBackend("copied", "1"));
        File.Copy(PluginFolder.Contract, Path.Combine(Path.GetDirectoryName(_folder.Write("copied/x", ""))!, Path.GetFileName(PluginFolder.Contract)));
        _folder.Describe("copied", "Own", "Telling");
        using var backend = _folder.Open("copied");
        Assert.Equal("says 1", await FailAsync(backend));
    }

    [Fact]
    public async Task NativeLibrariesOfOneName_AreEachBackendsOwn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the libraries of the runtime that stand in for native ones have other names elsewhere");
        var runtime = RuntimeEnvironment.GetRuntimeDirectory();
        (string Name, string Library, string Import, string Call)[] backends =
        [
            ("native_one", "libSystem.Native.so", "[DllImport(\"value\", EntryPoint = \"SystemNative_GetPid\")] static extern int Value();", "Value() > 0"),
            ("native_two", "libSystem.IO.Compression.Native.so", "[DllImport(\"value\", EntryPoint = \"CompressionNative_Crc32\")] static unsafe extern uint Value(uint crc, byte* data, int length);", "Sum()"),
        ];
        foreach (var (name, library, import, call) in backends)
        {
            _folder.Compile(name, "Own", "using System.Runtime.InteropServices; " + PluginFolder.TellingBackend(name, call, import + (name == "native_two" ? " static unsafe uint Sum() { byte one = 97; return Value(0, &one, 1); }" : "")));
            _folder.Describe(name, "Own", "Telling");
            File.Copy(Path.Combine(runtime, library), Path.Combine(Path.GetDirectoryName(_folder.Write($"{name}/x", ""))!, "libvalue.so"));
        }

        using var first = _folder.Open("native_one");
        using var second = _folder.Open("native_two");
        Assert.Equal("says True", await FailAsync(first));
        Assert.Equal("says 3904355907", await FailAsync(second));
    }

    [Theory]
    [InlineData("Telling2", "", "the field 'type' names 'Telling2', which is not in Own.dll")]
    [InlineData("Telling", ", \"platform\": \"p\"", "backend.json says 'p' for platform, and the backend itself says ''")]
    [InlineData("Telling", ", \"model_files\": [\"a\"]", "says 'a' for model_files")]
    [InlineData("Telling", ", \"settings\": [\"a\"]", "says 'a' for settings")]
    [InlineData("Other", "", "Other must implement InferenceServer.Abstractions.Backends.IBackend and have a public constructor without parameters")]
    public async Task ManifestThatTheCodeDoesNotBear_IsSaid(string type, string more, string problem)
    {
        _folder.Compile("odd", "Own", PluginFolder.TellingBackend("odd", "1") + " public class Other { }");
        _folder.Describe("odd", "Own", type, more);
        using var backend = _folder.Open("odd");
        AssertBroken(problem, await FailAsync(backend));
    }

    [Fact]
    public async Task BrokenFolder_IsToldToItsModels()
    {
        _folder.Write("broken/backend.json", "{");
        using var backend = _folder.Open("broken");
        AssertBroken("cannot be used: backend.json: ", await FailAsync(backend));
    }

    [Fact]
    public async Task FileThatIsNoAssembly_IsSaid()
    {
        _folder.Write("text/Own.dll", "this is no assembly");
        _folder.Describe("text", "Own", "Telling");
        using var backend = _folder.Open("text");
        AssertBroken("Own.dll is no assembly for this platform", await FailAsync(backend));
    }

    [Fact]
    public async Task LibraryThatIsMissing_IsNamed()
    {
        var helper = _folder.Compile("elsewhere", "Helper", "public static class Helper { public static string Word => \"x\"; }");
        _folder.Compile("alone", "Own", PluginFolder.TellingBackend("alone", "Helper.Word"), helper);
        _folder.Describe("alone", "Own", "Telling");
        using var backend = _folder.Open("alone");
        AssertBroken("it needs the assembly Helper, which is not in its folder", await FailAsync(backend));

        // Whoever puts it there need not start the server anew.
        File.Copy(helper, Path.Combine(Path.GetDirectoryName(_folder.Write("alone/x", ""))!, "Helper.dll"));
        using var again = _folder.Open("alone");
        Assert.Equal("says x", await FailAsync(again));
    }

    [Fact]
    public async Task NativeLibraryThatIsMissing_IsNamed()
    {
        _folder.Compile("bare", "Own", "using System.Runtime.InteropServices; " + PluginFolder.TellingBackend("bare", "Value()", "[DllImport(\"no_such_library\")] static extern int Value();"));
        _folder.Describe("bare", "Own", "Telling");
        using var backend = _folder.Open("bare");
        var said = await FailAsync(backend);
        AssertBroken("a native library that it needs is missing or cannot be loaded", said);
        Assert.Contains("no_such_library", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LaterContract_IsRefusedBeforeItsCodeRuns()
    {
        var contract = _folder.CompileAgainst(null, "contract", "InferenceServer.Abstractions", """
            [assembly: System.Reflection.AssemblyVersion("99.0.0.0")]
            namespace InferenceServer.Abstractions.Backends { public interface IBackend { } }
            """);
        _folder.CompileAgainst(contract, "late", "Own", "public sealed class Telling : InferenceServer.Abstractions.Backends.IBackend { }");
        _folder.Describe("late", "Own", "Telling");
        using var backend = _folder.Open("late");
        AssertBroken("it was built against InferenceServer.Abstractions 99.0.0.0, and this server has", await FailAsync(backend));
    }

    [Fact]
    public async Task NativeLibraryOfAnotherArchitecture_IsNamed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a library of Linux is made into one of another processor");

        // The runtime's own, with the number of another processor in its head.
        var library = File.ReadAllBytes(Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "libSystem.Native.so").Single());
        library[18] = (byte)(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x3E : 0xB7);
        library[19] = 0;
        var path = _folder.WriteBytes("foreign/libforeign.so", library);
        _folder.Compile("foreign", "Own", PluginFolder.TellingBackend("foreign", $"System.Runtime.InteropServices.NativeLibrary.Load(@\"{path}\")"));
        _folder.Describe("foreign", "Own", "Telling");
        using var backend = _folder.Open("foreign");
        var said = await FailAsync(backend);
        AssertBroken("a native library that it needs is missing or cannot be loaded: ", said);
        Assert.Contains("libforeign.so", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConstructorThatThrows_IsTriedAgainWithTheNextModel()
    {
        _folder.Compile("moody", "Own", PluginFolder.TellingBackend("moody", "1", "static int s_tries; public Telling() { if (System.Environment.GetEnvironmentVariable(\"MOODY_BACKEND\") is null) throw new System.DllNotFoundException(\"libmoody\"); }"));
        _folder.Describe("moody", "Own", "Telling");
        using var backend = _folder.Open("moody");
        AssertBroken("a native library that it needs is missing or cannot be loaded: libmoody", await FailAsync(backend));
        Environment.SetEnvironmentVariable("MOODY_BACKEND", "1");
        Assert.Equal("says 1", await FailAsync(backend));
    }

    public void Dispose() => _folder.Dispose();

    private static void AssertBroken(string problem, string said)
    {
        Assert.StartsWith("backend '", said, StringComparison.Ordinal);
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    private static async Task<string> FailAsync(PluginBackend backend)
    {
        var context = new ModelLoadContext { ModelName = "m", Version = 1, Log = new SilentLog() };
        return (await Assert.ThrowsAsync<BackendException>(async () =>
        {
            backend.Prepare(context);
            (await backend.LoadAsync(context, TestContext.Current.CancellationToken)).Dispose();
        })).Message;
    }

    private sealed class SilentLog : IBackendLog
    {
        public void Info(string message)
        {
        }

        public void Warning(string message)
        {
        }
    }
}
