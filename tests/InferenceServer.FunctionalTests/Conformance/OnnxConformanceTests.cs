using System.Net.Http.Headers;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.FunctionalTests.Reliability;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Conformance;

/// <summary>
/// The cases by which ONNX engines are tested, one for each operator and more, asked of the server over both binary encodings and held against the engine itself: what the
/// engine runs the server runs, and nothing in the answers differs.
/// </summary>
public sealed class OnnxConformanceTests
{
    private const string Data = "/usr/share/libonnx-testdata/data";

    /// <summary>In <c>dotnet test</c> every fourth case; all of them in a long run.</summary>
    private const int Part = 4;

    /// <summary>What a load may say of a model that the engine runs.</summary>
    private static readonly string[] s_uncarried = ["only tensors can be given", "cannot be put into tensors", "no protocol can carry"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryCase_OverHttpAndRpc_GivesWhatTheEngineGives()
    {
        Assert.SkipUnless(Directory.Exists(Data), "the package libonnx-testdata is not installed");
        var folders = new[] { "node", "simple", "pytorch-operator", "pytorch-converted" }.SelectMany(static group => Directory.EnumerateDirectories(Path.Combine(Data, group)))
            .Order(StringComparer.Ordinal).Where(static (_, i) => Stress.IsLong || i % Part == 0).ToDictionary(static folder => Path.GetFileName(folder));
        using var repository = new TemporaryDirectory();
        foreach (var (name, folder) in folders)
        {
            repository.Write($"{name}/1/model.onnx", File.ReadAllBytes(Path.Combine(folder, "model.onnx")));
        }

        await using var server = await RunningServer.StartAsync(repository.FullPath, expectsErrors: true, flags: ["--backend-config=onnxruntime,default-max-batch-size=0"]);
        var statuses = server.Statuses.ToDictionary(static status => status.Name);
        var (same, failures, refused, ownFailures, random) = (0, new List<string>(), new List<string>(), 0, new List<string>());
        foreach (var (name, folder) in folders)
        {
            if (BareEngine.Run(folder) is not { } bare)
            {
                ownFailures++;
            }
            else if (statuses[name].State != ModelState.Ready)
            {
                refused.Add($"{name}: {statuses[name].Reason}");
            }
            else if (!bare.IsSteady)
            {
                random.Add(name);
            }
            else
            {
                var problems = new[] { await AskHttpAsync(server, name, bare), await AskRpcAsync(server, name, bare) };
                failures.AddRange(problems.OfType<string>().Select(problem => $"{name}: {problem}"));
                same += problems.All(static problem => problem is null) ? 1 : 0;
            }
        }

        TestContext.Current.SendDiagnosticMessage($"{folders.Count} cases: {same} the same, {ownFailures} that the engine does not run or that need inputs other than tensors, {random.Count} random, {refused.Count} refused, {failures.Count} differ");
        refused.Concat(random).ToList().ForEach(static line => TestContext.Current.SendDiagnosticMessage(line));
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.All(refused, static line => Assert.True(s_uncarried.Any(words => line.Contains(words, StringComparison.Ordinal)), line));
        Assert.True(same > folders.Count * 4 / 5, $"{same} of {folders.Count}");
    }

    private static async Task<string?> AskHttpAsync(RunningServer server, string model, ConformanceRun bare)
    {
        var inputs = bare.Inputs.Select(static input => new { name = input.Name, datatype = input.Type.ProtocolName(), shape = input.WireShape, parameters = new { binary_data_size = input.Data.Length } });
        var header = JsonSerializer.SerializeToUtf8Bytes(new { inputs, parameters = new { binary_data_output = true } });
        using var content = new ByteArrayContent([.. header, .. bare.Inputs.SelectMany(static input => input.Data)]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        content.Headers.Add("Inference-Header-Content-Length", $"{header.Length}");
        using var response = await server.Http.PostAsync($"/v2/models/{model}/infer", content, Token);
        var body = await response.Content.ReadAsByteArrayAsync(Token);
        if (!response.IsSuccessStatusCode)
        {
            return Expect(bare, System.Text.Encoding.UTF8.GetString(body), "HTTP");
        }

        var length = response.Headers.TryGetValues("Inference-Header-Content-Length", out var values) ? int.Parse(values.Single(), System.Globalization.CultureInfo.InvariantCulture) : body.Length;
        using var json = JsonDocument.Parse(body.AsMemory(0, length));
        foreach (var (output, i) in json.RootElement.GetProperty("outputs").EnumerateArray().Select(static (output, i) => (output, i)))
        {
            var size = output.GetProperty("parameters").GetProperty("binary_data_size").GetInt32();
            var shape = output.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64());
            if (Compare(bare, i, output.GetProperty("name").GetString()!, output.GetProperty("datatype").GetString()!, shape, body.AsSpan(length, size)) is { } problem)
            {
                return $"HTTP: {problem}";
            }

            length += size;
        }

        return null;
    }

    private static async Task<string?> AskRpcAsync(RunningServer server, string model, ConformanceRun bare)
    {
        var request = new Inference.ModelInferRequest { ModelName = model };
        foreach (var input in bare.Inputs)
        {
            request.Inputs.Add(new Inference.ModelInferRequest.Types.InferInputTensor { Name = input.Name, Datatype = input.Type.ProtocolName(), Shape = { input.WireShape } });
            request.RawInputContents.Add(ByteString.CopyFrom(input.Data));
        }

        try
        {
            var response = await server.Rpc.ModelInferAsync(request, cancellationToken: Token);
            var problem = response.Outputs.Select((output, i) => Compare(bare, i, output.Name, output.Datatype, output.Shape, response.RawOutputContents[i].Span)).FirstOrDefault(static one => one is not null);
            return problem is null ? null : $"gRPC: {problem}";
        }
        catch (RpcException exception)
        {
            return Expect(bare, exception.Status.Detail, "gRPC");
        }
    }

    private static string? Compare(ConformanceRun bare, int place, string name, string type, IEnumerable<long> shape, ReadOnlySpan<byte> data) =>
        bare.Outputs.FirstOrDefault(output => output?.Name == name) is { } expected ? expected.Differs(type, shape, data) : $"output {place}, '{name}', is answered, which the engine does not give as one tensor";

    // What the engine runs and the server refuses must be something that is no tensor.
    private static string? Expect(ConformanceRun bare, string error, string protocol) =>
        bare.Outputs.Contains(null) && error.Contains("must be of one shape", StringComparison.Ordinal) ? null : $"{protocol}: {error}";
}
