using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Backends;

/// <summary>The page that tells how to write a backend, followed to the letter.</summary>
public sealed partial class WriteABackendTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "write-a-backend.md"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Page_ShowsTheSampleAsItIs()
    {
        var folder = Path.Combine(RepositoryRoot.Path, "samples", "linear-backend");
        var shown = FilesOf(s_page);
        Assert.Equal(["LinearBackend.csproj", "LinearBackend.cs", "LinearModel.cs", "LinearInstance.cs", "backend.json"], shown.Keys);
        Assert.All(shown, file => Assert.Equal(File.ReadAllText(Path.Combine(folder, file.Key)).TrimEnd(), file.Value.TrimEnd()));
    }

    [Fact]
    public async Task BackendThatIsBuiltFromThePage_ServesBesideTheOthers()
    {
        using var project = new TemporaryDirectory();
        using var backends = new TemporaryDirectory();
        using var models = new TemporaryDirectory();
        foreach (var (name, content) in FilesOf(s_page))
        {
            project.Write(name, content);
        }

        await PublishAsync(project.FullPath, Path.Combine(backends.FullPath, "linear"));
        backends.Write("broken/backend.json", """{"name": "broken", "assembly": "gone.dll", "type": "X"}""");
        models.Write("prices/1/model.csv", "2,-1,0.5\n0,3,1\n");
        models.Write("typo/1/model.csv", "2,x,0.5\n");
        models.Write("unlucky/config.pbtxt", "backend: \"broken\" max_batch_size: 1 input { name: \"X\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 1 ] }");
        models.Write("unlucky/1/model.bin", "");
        models.Write("same/config.pbtxt", "backend: \"identity\" input { name: \"X\" data_type: TYPE_FP32 dims: [ 1 ] } output { name: \"Y\" data_type: TYPE_FP32 dims: [ 1 ] }");
        models.Write("same/1/empty", "");
        await using var server = await RunningServer.StartAsync(models.FullPath, expectsErrors: true, flags: [$"--backend-directory={backends.FullPath}", "--strict-readiness=false"]);

        Assert.Equal(
            (HttpStatusCode.OK, """{"model_name":"prices","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[0.5,7.0,2.5,13.0]}]}"""),
            await server.PostAsync("/v2/models/prices/infer", """{"inputs":[{"name":"x","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]}"""));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v2/models/same/infer", """{"inputs":[{"name":"X","datatype":"FP32","shape":[1],"data":[1]}]}""")).Status);
        Assert.Contains("line 1 of model.csv: expected a number, got 'x'", Reason(server, "typo"), StringComparison.Ordinal);
        Assert.Contains("cannot be used: backend.json: the field 'assembly' names 'gone.dll', which is not in the folder", Reason(server, "unlucky"), StringComparison.Ordinal);
        Assert.Contains(server.Log.Events.Select(static entry => entry.RenderMessage(CultureInfo.InvariantCulture)), static line => line.StartsWith("Backend \"broken\" in ", StringComparison.Ordinal) && line.Contains("is not used: ", StringComparison.Ordinal));
    }

    private static string Reason(RunningServer server, string model) => Assert.Single(server.Statuses, status => status.Name == model).Reason;

    private static Dictionary<string, string> FilesOf(string page) => FileBlock().Matches(page).ToDictionary(static match => match.Groups["name"].Value, static match => match.Groups["content"].Value);

    private static async Task PublishAsync(string project, string output)
    {
        var start = new ProcessStartInfo("dotnet", ["publish", "-c", "Release", "-o", output, $"-p:ServerDirectory={AppContext.BaseDirectory.TrimEnd('/')}", "-nodeReuse:false"])
        {
            WorkingDirectory = project,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // What runs the tests may be a build itself, whose settings are not this one's.
        foreach (var name in start.Environment.Keys.Where(static name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token)).WaitAsync(TestTimeouts.Phase, Token);
        await process.WaitForExitAsync(Token).WaitAsync(TestTimeouts.Phase, Token);
        Assert.True(process.ExitCode == 0, string.Concat(said));
    }

    [GeneratedRegex(@"^```[a-z]+ (?<name>[A-Za-z.]+)\n(?<content>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex FileBlock();
}
