using Google.Protobuf;
using Inference;
using InferenceServer.FunctionalTests.Operations;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing.Files;
using Xunit;

namespace InferenceServer.FunctionalTests.Sequences;

/// <summary>
/// Silero's voice-activity model, whose recurrent state the server keeps for many callers at once, against the same model whose callers carry the state to and fro
/// themselves. Its file comes from a package, which <c>.ci/models</c> fetches.
/// </summary>
public sealed class VoiceActivityTests : IDisposable
{
    private const int Samples = 576;
    private const int Frames = 24;

    private static readonly string s_model = Path.Combine(RepositoryRoot.Path, "artifacts", "models", "silero_vad.onnx");

    private readonly TemporaryDirectory _repository = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _repository.Dispose();

    [Fact]
    public async Task Callers_GetWhatTheyWouldHaveGotWithTheirStateInTheirOwnHands()
    {
        if (!File.Exists(s_model))
        {
            var (code, printed) = await DocumentedCommandTests.RunAsync(".ci/models");
            Assert.True(code == 0, printed);
        }

        Write("vad", """
            sequence_batching {
              max_sequence_idle_microseconds: 600000000
              oldest { max_candidate_sequences: 8 }
              state [ { input_name: "state" output_name: "stateN" data_type: TYPE_FP32 dims: [ 2, 1, 128 ] } ]
            }
            """, "");
        Write("plain", "", ", { name: \"state\" data_type: TYPE_FP32 dims: [ 2, 1, 128 ] }");
        await using var server = await RunningServer.StartAsync(_repository.FullPath);
        var callers = await Task.WhenAll(Enumerable.Range(1, 6).Select(caller => ListenAsync(server, caller)));
        Assert.True(callers.SelectMany(static heard => heard).Distinct().Count() > Frames);
        for (var caller = 1; caller <= callers.Length; caller++)
        {
            Assert.Equal(await CarryAsync(server, caller), callers[caller - 1]);
        }
    }

    private void Write(string name, string sequences, string moreInputs)
    {
        _repository.Write($"{name}/1/model.onnx", File.ReadAllBytes(s_model));
        _repository.Write($"{name}/config.pbtxt", $$"""
            backend: "onnxruntime"
            input [ { name: "input" data_type: TYPE_FP32 dims: [ 1, {{Samples}} ] }, { name: "sr" data_type: TYPE_INT64 dims: [ 1 ] }{{moreInputs}} ]
            output [ { name: "output" data_type: TYPE_FP32 dims: [ 1, 1 ] }{{(moreInputs.Length > 0 ? ", { name: \"stateN\" data_type: TYPE_FP32 dims: [ 2, 1, 128 ] }" : "")}} ]
            {{sequences}}
            """);
    }

    private static async Task<float[]> ListenAsync(RunningServer server, int caller)
    {
        var heard = new float[Frames];
        for (var frame = 0; frame < Frames; frame++)
        {
            var request = Request("vad", caller, frame);
            request.Parameters["sequence_id"] = new InferParameter { Int64Param = caller };
            request.Parameters["sequence_start"] = new InferParameter { BoolParam = frame == 0 };
            request.Parameters["sequence_end"] = new InferParameter { BoolParam = frame == Frames - 1 };
            heard[frame] = Read(await server.Rpc.ModelInferAsync(request, cancellationToken: Token), "output").Span[0];
        }

        return heard;
    }

    private static async Task<float[]> CarryAsync(RunningServer server, int caller)
    {
        var heard = new float[Frames];
        ReadOnlyMemory<float> state = new float[2 * 128];
        for (var frame = 0; frame < Frames; frame++)
        {
            var request = Request("plain", caller, frame);
            Add(request, "state", "FP32", [2, 1, 128], state.Span);
            var answer = await server.Rpc.ModelInferAsync(request, cancellationToken: Token);
            heard[frame] = Read(answer, "output").Span[0];
            state = Read(answer, "stateN");
        }

        return heard;
    }

    /// <summary>Another sound for each caller: a voice-like tone that comes and goes.</summary>
    private static ModelInferRequest Request(string model, int caller, int frame)
    {
        var sound = new float[Samples];
        for (var i = 0; i < Samples; i++)
        {
            var time = ((frame * Samples) + i) / 16000.0;
            sound[i] = (float)(0.4 * Math.Sin(time * 2 * Math.PI * (90 + (20 * caller))) * (1 + Math.Sin(time * 12 * caller)) * Math.Sin(time * 900));
        }

        var request = new ModelInferRequest { ModelName = model };
        Add<float>(request, "input", "FP32", [1, Samples], sound);
        Add<long>(request, "sr", "INT64", [1], [16000]);
        return request;
    }

    private static void Add<T>(ModelInferRequest request, string name, string type, long[] shape, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        request.Inputs.Add(new ModelInferRequest.Types.InferInputTensor { Name = name, Datatype = type, Shape = { shape } });
        request.RawInputContents.Add(ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values)));
    }

    private static ReadOnlyMemory<float> Read(ModelInferResponse answer, string output)
    {
        var place = answer.Outputs.Select(static one => one.Name).ToList().IndexOf(output);
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(answer.RawOutputContents[place].Span).ToArray();
    }
}
