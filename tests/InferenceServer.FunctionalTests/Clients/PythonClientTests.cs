using System.Diagnostics;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.FunctionalTests.Streams;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Clients;

/// <summary>
/// Clients in another language: Debian's Python with its gRPC library, and stubs that are made by the commands of docs/grpc.md.
/// They need python3-grpcio, python3-protobuf, protobuf-compiler and protobuf-compiler-grpc.
/// </summary>
public sealed partial class PythonClientTests
{
    private const string Python = "/usr/bin/python3";

    private static string Scripts => Path.Combine(RepositoryRoot.Path, "tests", "InferenceServer.FunctionalTests", "Clients");

    [Theory]
    [InlineData("server")]
    [InlineData("infer")]
    [InlineData("stream")]
    [InlineData("statistics")]
    [InlineData("index")]
    [InlineData("control", "--model-control-mode=explicit")]
    public async Task RpcClient_AsksEachPart_IsAnswered(string part, params string[] flags)
    {
        var (code, output) = await RunRpcClientAsync(part, flags);
        Assert.True(code == 0, output);
        Assert.Contains($"ok {part}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpClient_WithPythonAlone_IsAnswered()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);

        var (code, output) = await RunAsync(Scripts, Python, Path.Combine(Scripts, "http_client.py"), server.Http.BaseAddress!.Authority);

        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task DocumentedPythonClient_WorksAsItIsWritten()
    {
        using var folder = new TemporaryDirectory();
        await using var server = await RunningServer.StartAsync(SampleServer.Repository);
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "grpc.md"), TestContext.Current.CancellationToken);
        var script = PythonBlock().Match(page).Groups[1].Value;
        Assert.NotEmpty(script);
        await MakeStubsAsync(folder);
        folder.Write("client.py", script.Replace("localhost:8001", server.Channel.Target, StringComparison.Ordinal));

        var (code, output) = await RunAsync(folder.FullPath, Python, "client.py");

        Assert.True(code == 0, output);
        Assert.Contains("OUTPUT0 [1, 16]", output, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> RunRpcClientAsync(string part, params string[] flags)
    {
        using var folder = new TemporaryDirectory();
        using var models = new TemporaryDirectory();
        StreamRepository.Write(models);
        await MakeStubsAsync(folder);
        await using var server = await RunningServer.StartAsync(models.FullPath, flags: flags);
        File.Copy(Path.Combine(Scripts, "rpc_client.py"), Path.Combine(folder.FullPath, "rpc_client.py"));
        return await RunAsync(folder.FullPath, Python, "rpc_client.py", server.Channel.Target, part);
    }

    /// <summary>Runs the commands of the documentation that make the stubs, with the contracts beside them as in the repository.</summary>
    private static async Task MakeStubsAsync(TemporaryDirectory folder)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "protos"), "*.proto"))
        {
            folder.Write($"protos/{Path.GetFileName(path)}", await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }

        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "grpc.md"), TestContext.Current.CancellationToken);
        var command = ShellBlock().Matches(page).Select(static match => match.Groups[1].Value).Single(static block => block.Contains("grpc_python_plugin", StringComparison.Ordinal));
        var (code, output) = await RunAsync(folder.FullPath, "bash", "-c", "set -euo pipefail\n" + command);
        Assert.True(code == 0, output);
    }

    private static async Task<(int Code, string Output)> RunAsync(string folder, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(TestTimeouts.Phase);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonBlock();
}
