using System.IO.Abstractions.TestingHelpers;
using System.Text.Json;
using System.Xml.Linq;
using InferenceServer.Bench.Commands;
using Xunit;

namespace InferenceServer.Bench.Tests.Commands;

/// <summary>The command against a server that speaks as much of the protocol as it needs.</summary>
public sealed class BenchCommandTests
{
    private const string Metadata = """{"name":"m<&>","versions":["1"],"inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[]}""";
    private const string Short = "--window 0 --seconds 0.5 --connections 1,2";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "model")]
    [InlineData("m --rounds 0", "--rounds must be a whole number from 1 to 1000; got '0'")]
    [InlineData("m --encoding json,soap", "--encoding must be different ones of json, binary, grpc and stream")]
    [InlineData("m --connections 0", "--connections must be different whole numbers from 1 to 4096")]
    [InlineData("m --rate 5,5", "--rate must be different numbers")]
    [InlineData("m --rate 10:5:1", "start:end:step")]
    [InlineData("m --rate 1:1000:1", "at most 200")]
    [InlineData("m --rate 5 --connections 1", "--rate and --connections")]
    [InlineData("m --arrivals constant", "--arrivals: expected --rate")]
    [InlineData("m --arrivals often --rate 1", "'often'")]
    [InlineData("m --url http://x/y", "--url: expected host, host:port")]
    [InlineData("m --compare ::", "--compare: expected host, host:port")]
    [InlineData("m --compare-grpc-url localhost:1", "--compare-grpc-url: expected --compare")]
    [InlineData("m --sweep --compare localhost:1", "--sweep: expected without --compare")]
    [InlineData("m --latency-target-ms 5", "--latency-target-ms: expected --sweep")]
    [InlineData("m --sweep --latency-target-ms 0", "more than 0")]
    [InlineData("m --in-flight 2", "--in-flight: expected --encoding stream")]
    [InlineData("m --json /nowhere/x.json", "--json: the folder of '/nowhere/x.json' does not exist")]
    [InlineData("m --html /nowhere/x.html", "--html: the folder")]
    [InlineData("m --input-data nothing.json", "--input-data: expected a file; there is no 'nothing.json'")]
    [InlineData("m --shape x", "--shape: expected NAME:2,3")]
    [InlineData("m --shape x:1,-2", "--shape: expected NAME:2,3")]
    [InlineData("m --parameters priority", "--parameters: expected name=value")]
    [InlineData("m --header nothing", "--header: expected \"name: value\"")]
    [InlineData("m --ca missing.pem", "--ca: 'missing.pem' cannot be read")]
    [InlineData("m --timeout 0", "--timeout must be a number of seconds")]
    [InlineData("m --percentile 100", "--percentile must be a number from 1 to 99.999")]
    [InlineData("m --shared-memory cuda", "'cuda'")]
    [InlineData("m --output-shared-memory-size 8", "--output-shared-memory-size: expected --shared-memory system")]
    [InlineData("m --shared-memory system --url 10.0.0.1:8000", "--shared-memory system: expected a server on this machine, at localhost, 127.0.0.1 or [::1]; got '10.0.0.1:8000'")]
    [InlineData("m --shared-memory system --url https://models.example.com", "got 'https://models.example.com:443'")]
    [InlineData("m --shared-memory system --encoding grpc --grpc-url 10.0.0.1", "got '10.0.0.1:8001'")]
    [InlineData("m --shared-memory system --compare 10.0.0.1:8000", "got '10.0.0.1:8000'")]
    [InlineData("m --unknown 1", "--unknown")]
    public async Task WrongCommandLine_EndsWithTwoAndSaysWhatIsWrong(string line, string message)
    {
        var (code, output, errors) = await RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal(BenchCommand.Usage, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.Contains("bench --help lists every option", errors, StringComparison.Ordinal);
        Assert.Empty(output);
    }

    [Fact]
    public async Task Help_ListsEveryOption()
    {
        var (code, output, _) = await RunAsync(["--help"]);

        Assert.Equal(BenchCommand.Success, code);
        Assert.All(new BenchOptions().All, option => Assert.Contains(option.Name, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Server_WithoutStatistics_IsMeasuredAndThatIsSaid()
    {
        await using var server = new ScriptedServer(Answer);
        var files = new MockFileSystem();

        var (code, output, errors) = await RunAsync(["m<&>", "--url", server.Address.ToString(), .. Short.Split(' '), "--json", "out.json", "--html", "out.html"], files);

        Assert.True(code == BenchCommand.Success, errors);
        Assert.Contains("| HTTP JSON | x1 ", output, StringComparison.Ordinal);
        Assert.Contains("gives no statistics of the model (HTTP 404: no <script> here)", output, StringComparison.Ordinal);
        Assert.Contains("[2/2] HTTP JSON x2", errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(files.File.ReadAllBytes("out.json"));
        Assert.Equal("m<&>", json.RootElement.GetProperty("plan").GetProperty("model").GetString());
        var points = json.RootElement.GetProperty("points").EnumerateArray().ToList();
        Assert.Equal([1, 2], points.Select(static point => point.GetProperty("connections").GetInt32()));
        Assert.All(points, static point => Assert.True(point.GetProperty("rounds")[0][0].GetProperty("requests").GetInt64() > 0));

        // What the server said is text, and nothing else.
        var page = XDocument.Parse(files.File.ReadAllText("out.html"));
        Assert.DoesNotContain(page.Descendants(), static element => element.Name.LocalName == "script");
        Assert.Contains("no <script> here", page.Root!.Value, StringComparison.Ordinal);
        Assert.Equal(3, page.Descendants().Count(static element => element.Name.LocalName == "svg"));
        Assert.Equal(["out.html", "out.json"], files.AllFiles.Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task FailedRequests_EndWithOneAndAreToldByKind()
    {
        await using var server = new ScriptedServer(static (number, line) => number % 2 == 1 ? Task.FromResult<string?>(ScriptedServer.Answer(429, "slow down")) : Answer(number, line));

        var (code, output, _) = await RunAsync(["m<&>", "--url", server.Address.ToString(), "--window", "0", "--seconds", "1", "--connections", "1", "--quiet"]);

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("x HTTP 429 (first: slow down)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownModel_EndsWithOneAndWhatTheServerSays()
    {
        await using var server = new ScriptedServer(static (_, _) => Task.FromResult<string?>(ScriptedServer.Answer(404, "no such model")));

        var (code, _, errors) = await RunAsync(["m", "--url", server.Address.ToString()]);

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("does not describe model 'm': HTTP 404: no such model", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_FromTheEnvironment_IsSentAndNeverPrinted()
    {
        await using var server = new ScriptedServer(Answer);
        var files = new MockFileSystem();

        var (_, output, errors) = await RunAsync(["m<&>", "--url", server.Address.ToString(), .. Short.Split(' '), "--header-from", "Authorization: KEY", "--json", "out.json", "--html", "out.html"], files);

        Assert.All([output, errors, files.File.ReadAllText("out.json"), files.File.ReadAllText("out.html")], static text => Assert.DoesNotContain("id.secret", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Quiet_SaysNothingOfTheProgress()
    {
        await using var server = new ScriptedServer(Answer);

        var (_, _, errors) = await RunAsync(["m<&>", "--url", server.Address.ToString(), .. Short.Split(' '), "--quiet"]);

        Assert.Empty(errors);
    }

    [Fact]
    public async Task EndedEarly_TellsWhatThereIs()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var asked = 0L;
        await using var server = new ScriptedServer((number, line) =>
        {
            // What is asked before the measured time begins does not count; it begins a moment after the statistics are asked for.
            if (line.Contains("/stats", StringComparison.Ordinal))
            {
                Volatile.Write(ref asked, TimeProvider.System.GetTimestamp());
            }
            else if (Volatile.Read(ref asked) is var since and > 0 && TimeProvider.System.GetElapsedTime(since) > TimeSpan.FromSeconds(1))
            {
                stop.Cancel();
            }

            return Answer(number, line);
        });

        var (code, output, _) = await RunAsync(["m<&>", "--url", server.Address.ToString(), "--window", "0", "--seconds", "600", "--connections", "1,2"], null, stop.Token);

        Assert.Equal(BenchCommand.Failure, code);
        Assert.Contains("the run was ended early", output, StringComparison.Ordinal);
        Assert.Contains("| HTTP JSON | x1 ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("| x2 ", output, StringComparison.Ordinal);
    }

    private static Task<string?> Answer(int number, string line) => Task.FromResult<string?>(
        line.Contains("/stats", StringComparison.Ordinal) ? ScriptedServer.Answer(404, "no <script> here")
        : number < 0 ? ScriptedServer.Answer(200, Metadata)
        : ScriptedServer.Answer(200, """{"model_name":"m","outputs":[]}"""));

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string[] args, MockFileSystem? files = null, CancellationToken? cancellation = null)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var command = new BenchCommand(files ?? new MockFileSystem(), static name => name == "KEY" ? "Bearer id.secret" : null, TimeProvider.System);
        var code = await command.RunAsync(args, output, errors, isTerminal: false, cancellation ?? Cancellation);
        return (code, output.ToString(), errors.ToString());
    }
}
