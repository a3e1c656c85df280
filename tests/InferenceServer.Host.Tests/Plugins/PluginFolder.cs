using InferenceServer.Abstractions.Backends;
using InferenceServer.Host.Plugins;
using InferenceServer.Testing.Files;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Xunit;

namespace InferenceServer.Host.Tests.Plugins;

/// <summary>A backends directory in which the test compiles backends.</summary>
internal sealed class PluginFolder : IDisposable
{
    /// <summary>A backend whose load fails with what an expression says: a way to look out of it.</summary>
    public const string Telling = """
        using System.Threading; using System.Threading.Tasks; using InferenceServer.Abstractions.Backends; using InferenceServer.Abstractions.Errors;
        public sealed class Telling : IBackend
        {
            public BackendDescriptor Descriptor { get; } = new BackendDescriptor(NAME);
            public ValueTask<IBackendModel> LoadAsync(ModelLoadContext context, CancellationToken token) => throw new BackendException(ErrorCode.InvalidArgument, "says " + (EXPRESSION));
            MORE
        }
        """;

    private readonly TemporaryDirectory _directory = new();

    public static string TellingBackend(string name, string expression, string more = "") =>
        Telling.Replace("NAME", $"\"{name}\"", StringComparison.Ordinal).Replace("EXPRESSION", expression, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal);

    /// <summary>Compiles a library into a folder.</summary>
    /// <returns>Its file.</returns>
    public string Compile(string folder, string assembly, string source, params string[] references) => CompileAgainst(Contract, folder, assembly, source, references);

    /// <summary>As the other, against a contract of one's own.</summary>
    public string CompileAgainst(string? contract, string folder, string assembly, string source, params string[] references)
    {
        var path = _directory.Write($"{folder}/{assembly}.dll", "");
        var all = Directory.GetFiles(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "System.*.dll").Append(typeof(object).Assembly.Location)
            .Where(static file => !Path.GetFileName(file).Contains("Native", StringComparison.Ordinal)).Concat(references).Concat(contract is null ? [] : [contract]);
        var compilation = CSharpCompilation.Create(
            assembly, [CSharpSyntaxTree.ParseText(source)], all.Select(static file => MetadataReference.CreateFromFile(file)), new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        EmitResult result;
        using (var file = File.Create(path))
        {
            result = compilation.Emit(file);
        }

        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        return path;
    }

    /// <summary>The file of the contract.</summary>
    public static string Contract => typeof(IBackend).Assembly.Location;

    /// <summary>Writes a manifest.</summary>
    public void Describe(string name, string assembly, string type, string more = "") => Write($"{name}/backend.json", $$"""{"name": "{{name}}", "assembly": "{{assembly}}.dll", "type": "{{type}}"{{more}}}""");

    public string WriteBytes(string path, ReadOnlySpan<byte> content) => _directory.Write(path, content);

    public string Write(string path, string text) => _directory.Write(path, text);

    /// <summary>The backend in a folder, as the server has it.</summary>
    public PluginBackend Open(string name) => new(new BackendFolderReader(new System.IO.Abstractions.FileSystem(), [], loadsCode: true).Read(_directory.FullPath).Single(one => one.Name == name), trial: null);

    /// <summary>The backends directory.</summary>
    public string FullPath => _directory.FullPath;

    public void Dispose() => _directory.Dispose();
}
