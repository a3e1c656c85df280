using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;
using InferenceServer.Testing.Trees;

namespace InferenceServer.Backends.XGBoost.Tests;

public sealed class XGBoostContractTests : ModelContractTests
{
    private const int Rows = 8;

    private static readonly TestTensor s_rows = TestTensor.Fp32("features", new TensorShape(Rows, BreastCancer.Features), BreastCancer.Rows.AsSpan(0, Rows * BreastCancer.Features));

    protected override ValueTask<SampleModel> LoadSampleAsync()
    {
        XGBoostModels.NeedLibrary();
        return ValueTask.FromResult(new SampleModel(XGBoostModels.Load(XGBoostModels.BreastCancer), [s_rows]));
    }

    protected override ValueTask<FailingModel> LoadFailingAsync()
    {
        XGBoostModels.NeedLibrary();
        return ValueTask.FromResult(new FailingModel(XGBoostModels.Load(XGBoostModels.BreastCancer), [s_rows], [XGBoostModels.Made(2, BreastCancer.Features - 1)]));
    }
}
