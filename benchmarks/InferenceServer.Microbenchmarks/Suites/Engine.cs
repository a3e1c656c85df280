using BenchmarkDotNet.Attributes;
using InferenceServer.Microbenchmarks.Engines;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Suites;

/// <summary>Executions by the backend beside the bare loop of ONNX Runtime.</summary>
public class Engine : Suite
{
    public override IEnumerable<object> Cases => StageCatalog.Engines;

    private EngineCase Given => (EngineCase)Case;

    [GlobalSetup(Target = nameof(Stage))]
    public void SetUpStage() => Begin(OnnxStage.Load(Given.Model, Given.Rows));

    [Benchmark(Description = StageCatalog.Engine)]
    public void Stage() => Run();

    [GlobalSetup(Target = nameof(Bare))]
    public void SetUpBare() => Begin(new OnnxFloor(Given.Model, Given.Rows));

    [Benchmark(Description = "bare loop", Baseline = true)]
    public void Bare() => Run();
}
