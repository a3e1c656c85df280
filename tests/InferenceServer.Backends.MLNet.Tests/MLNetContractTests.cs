using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Contract;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Trees;

namespace InferenceServer.Backends.MLNet.Tests;

public sealed class MLNetContractTests : ModelContractTests
{
    protected override async ValueTask<SampleModel> LoadSampleAsync()
    {
        var model = await LoadAsync();
        return new SampleModel(model, [TestTensor.Fp32("Features", new TensorShape(5, 30), BreastCancer.Rows.AsSpan(0, 150))]);
    }

    protected override async ValueTask<FailingModel> LoadFailingAsync() => new(
        await LoadAsync(),
        [TestTensor.Fp32("Features", new TensorShape(2, 30), BreastCancer.Rows.AsSpan(0, 60))],
        [TestTensor.Fp32("Features", new TensorShape(2, 29), BreastCancer.Rows.AsSpan(0, 58))]);

    private static async ValueTask<IBackendModel> LoadAsync() => await SavedModel.LoadAsync(RepositoryFiles.TestData("trees/bc_mlnet.zip"));
}
