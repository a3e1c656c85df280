using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;
using InferenceServer.Testing.Trees;

namespace InferenceServer.Backends.LightGbm.Tests;

public sealed class LightGbmContractTests : ModelContractTests
{
    private const int Rows = 8;

    private static readonly TestTensor s_rows = TestTensor.Fp32("features", new TensorShape(Rows, BreastCancer.Features), BreastCancer.Rows.AsSpan(0, Rows * BreastCancer.Features));

    protected override ValueTask<SampleModel> LoadSampleAsync() => ValueTask.FromResult(new SampleModel(LightGbmModels.Load(LightGbmModels.BreastCancer), [s_rows]));

    protected override ValueTask<FailingModel> LoadFailingAsync() => ValueTask.FromResult(new FailingModel(
        LightGbmModels.Load(LightGbmModels.BreastCancer), [s_rows], [LightGbmModels.Made(2, BreastCancer.Features - 1)]));
}
