using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Messages;
using InferenceServer.Microbenchmarks.Stages;
using InferenceServer.Microbenchmarks.Tensors;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Answers over gRPC: straight from the tensors, by the generated writer, and their elements copied.</summary>
public class MessageOut : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Carried;

    private TensorCase Tensor => (TensorCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(new PlainWriteStage(Tensor));

    [Benchmark(Description = StageCatalog.MessageOut)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(Generated))]
    public void SetUpGenerated() => Begin(new GeneratedWriteStage(Tensor));

    [Benchmark(Description = StageCatalog.GeneratedOut)]
    public void Generated() => Run();

    [GlobalSetup(Target = nameof(Copy))]
    public void SetUpCopy() => Begin(new CopyStage(Tensor.Bytes));

    [Benchmark(Description = "memcpy", Baseline = true)]
    public void Copy() => Run();
}
