using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Benching;

/// <summary>Every example of the page runs as it is written, but for how long it measures.</summary>
[Collection(BenchedServerCollection.Name)]
public sealed class BenchPageTests(BenchedServer sample) : IDisposable
{
    /// <summary>The program under its name, with short times where an example has none.</summary>
    private const string Program = """
        inference-server() {
          case "$*" in *--url*) ;; *) set -- "$@" --url URL --grpc-url RPC ;; esac
          case "$*" in *--seconds*) ;; *) set -- "$@" --seconds 0.2 ;; esac
          set -- "$@" --window 0.05 --max-windows 3 --quiet
          case "$*" in *--compare*) set -- "$@" --compare-grpc-url RPC --rounds 2 ;; esac
          case "$*" in *--sweep*) set -- "$@" --max-steps 6 ;; esac
          dotnet 'DLL' "$@"
        }
        """;

    private readonly TemporaryDirectory _folder = new();

    public static TheoryData<int> Blocks => [.. Enumerable.Range(0, Examples().Length)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Blocks))]
    public async Task Example_RunsAsItIsWritten(int block)
    {
        var (http, rpc) = (sample.Server.Http.BaseAddress!.Authority, sample.Server.RpcAddress);
        var program = Program.Replace("URL", http, StringComparison.Ordinal).Replace("RPC", rpc, StringComparison.Ordinal)
            .Replace("DLL", Path.Combine(AppContext.BaseDirectory, "inference-server.dll"), StringComparison.Ordinal);

        var (code, output) = await DocumentedCommandTests.RunAsync($"cd '{_folder.FullPath}'\n{program}\n{Examples()[block].Replace("localhost:9000", http, StringComparison.Ordinal)}");

        Assert.True(code == 0, output);
        Assert.Contains("What the client saw", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Page_HasExamplesOfEveryKind() => Assert.All(
        ["--rate", "--compare", "--sweep", "--html", "--latency-target-ms", "--check-answers", "--shared-memory"],
        static option => Assert.Contains(Examples(), example => example.Contains(option, StringComparison.Ordinal)));

    private static string[] Examples() =>
        [.. DocumentedCommandTests.ShellBlock().Matches(File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "bench.md"))).Select(static match => match.Groups[1].Value)];
}
