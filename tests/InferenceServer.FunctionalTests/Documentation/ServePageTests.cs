using System.Globalization;
using System.Text.RegularExpressions;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Documentation;

/// <summary>The programs in Python of the page on serving a model answer as they are written.</summary>
[Collection(SampleServerCollection.Name)]
public sealed partial class ServePageTests(SampleServer sample) : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task PythonPrograms_PrintWhatTheModelGives()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryRoot.Path, "docs", "serve-your-model.md"), TestContext.Current.CancellationToken);
        var protos = Path.Combine(RepositoryRoot.Path, "protos");
        var (made, output) = await DocumentedCommandTests.RunAsync($"cd '{_folder.FullPath}' && protoc -I '{protos}' --python_out=. --grpc_out=. --plugin=protoc-gen-grpc=$(which grpc_python_plugin) '{protos}'/*.proto");
        Assert.True(made == 0, output);

        var programs = PythonBlock().Matches(page).Select(static match => match.Groups[1].Value).ToArray();
        Assert.Equal(2, programs.Length);
        var answers = new List<string>();
        foreach (var (i, program) in programs.Index())
        {
            _folder.Write($"program{i}.py", program
                .Replace("http://localhost:8000", sample.Server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal)
                .Replace("localhost:8001", sample.Server.Channel.Target, StringComparison.Ordinal));
            var (code, answer) = await DocumentedCommandTests.RunAsync($"cd '{_folder.FullPath}' && /usr/bin/python3 program{i}.py");
            Assert.True(code == 0, answer);
            answers.Add(answer);
        }

        // The same picture over both protocols: ten probabilities, as a list and as a tuple.
        double[][] values = [.. answers.Select(static answer => answer.Trim('[', ']', '(', ')').Split(", ").Select(static number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray())];
        Assert.Equal(10, values[0].Length);
        Assert.Equal(10, values[1].Length);
        Assert.All(values[0].Zip(values[1]), static pair => Assert.Equal(pair.First, pair.Second, 0.00001));
    }

    [GeneratedRegex("```python\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex PythonBlock();
}
