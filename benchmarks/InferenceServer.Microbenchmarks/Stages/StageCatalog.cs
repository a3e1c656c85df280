using InferenceServer.Abstractions.Tensors;
using InferenceServer.Microbenchmarks.Binary;
using InferenceServer.Microbenchmarks.Engines;
using InferenceServer.Microbenchmarks.Json;
using InferenceServer.Microbenchmarks.Messages;
using InferenceServer.Microbenchmarks.Scheduling;
using InferenceServer.Microbenchmarks.Telemetry;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Stages;

/// <summary>Every stage with all that it is given.</summary>
internal static class StageCatalog
{
    public const string JsonIn = "JSON in";
    public const string JsonOut = "JSON out";
    public const string BinaryIn = "binary in";
    public const string MessageIn = "gRPC in";
    public const string GeneratedIn = "gRPC in, generated";
    public const string TypedIn = "gRPC in, typed";
    public const string TypedGeneratedIn = "gRPC in, typed, generated";
    public const string MessageOut = "gRPC out";
    public const string GeneratedOut = "gRPC out, generated";
    public const string Engine = "ONNX Runtime";

    private static readonly TimeSpan s_always = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_target = TimeSpan.FromMilliseconds(10);

    /// <summary>The tensors that are carried as bytes.</summary>
    public static IEnumerable<TensorCase> Carried { get; } = [.. from type in (TensorDataType[])[TensorDataType.Fp32, TensorDataType.Bytes] from count in TensorCase.Counts select new TensorCase(type, count)];

    /// <summary>The tensors that a message may carry as typed fields.</summary>
    public static IEnumerable<TensorCase> Typed { get; } = [.. from type in (TensorDataType[])[TensorDataType.Fp32, TensorDataType.Int64, TensorDataType.Bytes] from count in TensorCase.Counts select new TensorCase(type, count)];

    /// <summary>What is done to a request between its reading and its writing.</summary>
    public static IEnumerable<StageEntry> Scheduling { get; } =
    [
        new("pool", "64 bytes", static () => new PoolStage(64)),
        new("pool", "4 MiB", static () => new PoolStage(4 << 20)),
        new("queue, 1 request", "", static () => new QueueStage(1)),
        new("queue, 8 requests", "", static () => new QueueStage(8)),
        new("policy", "8 requests", static () => new PolicyStage(8)),
        new("policy", "8 requests, latency target", static () => new PolicyStage(8, s_target)),
        new("assembler", "1 request", static () => new AssemblyStage(1)),
        new("assembler", "8 requests", static () => new AssemblyStage(8)),
        new("splitter, 1 request", "", static () => new SplitStage(1)),
        new("splitter, 8 requests", "", static () => new SplitStage(8)),
        new("completion", "", static () => new CompletionStage()),
        new("engine, handed over", "", static () => new EngineStage(TimeSpan.Zero)),
        new("engine, run by the caller", "", static () => new EngineStage(s_always)),
    ];

    /// <summary>What is counted and shown.</summary>
    public static IEnumerable<StageEntry> Telemetry { get; } =
    [
        new("statistics", "1 request", static () => new StatisticsStage()),
        new("histogram", "1 duration", static () => new HistogramStage()),
        new("observer", "1 request", static () => new ObserverStage()),
        new("scrape, 100 models", "", static () => new ScrapeStage(100)) { Divisor = 100 },
    ];

    /// <summary>The models that engines are measured with.</summary>
    public static IEnumerable<EngineCase> Engines { get; } = [new(EngineModel.AddSub, 1), new(EngineModel.Digits, 1), new(EngineModel.Digits, 32)];

    /// <summary>All that have a budget.</summary>
    public static IEnumerable<StageEntry> All =>
    [
        .. Of(JsonIn, TensorCase.All, static tensor => new JsonReadStage(tensor)),
        .. Of(JsonOut, TensorCase.All, static tensor => new JsonWriteStage(tensor)),
        .. Of(BinaryIn, Carried, static tensor => new BinaryReadStage(tensor)),
        .. Of(MessageIn, Carried, static tensor => new PlainReadStage(SampleMessage.Raw(tensor))),
        .. Of(GeneratedIn, Carried.Where(static tensor => IsBudgeted(GeneratedIn, tensor)), static tensor => new GeneratedReadStage(SampleMessage.Raw(tensor), tensor.Type)),
        .. Of(TypedIn, Typed, static tensor => new PlainReadStage(SampleMessage.Typed(tensor))),
        .. Of(TypedGeneratedIn, Typed.Where(static tensor => IsBudgeted(TypedGeneratedIn, tensor)), static tensor => new GeneratedReadStage(SampleMessage.Typed(tensor), tensor.Type)),
        .. Of(MessageOut, Carried, static tensor => new PlainWriteStage(tensor)),
        .. Of(GeneratedOut, Carried, static tensor => new GeneratedWriteStage(tensor)),
        .. Scheduling,
        .. Telemetry,
        .. Engines.Select(static one => new StageEntry(Engine, $"{one}", () => OnnxStage.Load(one.Model, one.Rows))),
    ];

    /// <summary>Whether what a stage is given has a budget: a message that the generated reader has read holds its elements on the managed heap, so that only a small one has.</summary>
    public static bool IsBudgeted(string stage, object? given) => stage is not (GeneratedIn or TypedGeneratedIn) || (given is TensorCase tensor && tensor.Count == TensorCase.Counts[0]);

    private static IEnumerable<StageEntry> Of(string stage, IEnumerable<TensorCase> tensors, Func<TensorCase, IStage> make) =>
        tensors.Select(tensor => new StageEntry(stage, $"{tensor}", () => make(tensor)) { Divisor = Math.Max(1, tensor.Count / TensorCase.Counts[0] / 4) });

    /// <summary>Gives back what a stage holds.</summary>
    public static async ValueTask EndAsync(object? stage)
    {
        if (stage is IAsyncDisposable server)
        {
            await server.DisposeAsync();
        }
        else
        {
            (stage as IDisposable)?.Dispose();
        }
    }
}
