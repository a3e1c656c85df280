using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Contract;

namespace InferenceServer.Backends.Identity.Tests;

public sealed class IdentityContractTests : BackendContractTests
{
    // There is nothing to stop: a copy is done sooner than it is cancelled. Its delays are another matter, and have tests of their own.
    protected override bool StopsWhenCancelled => false;

    protected override ValueTask<IBackendModel> LoadIdentityAsync(TensorShape shape, params TensorDataType[] types) =>
        IdentityModels.LoadAsync(shape, types, ImmutableDictionary<string, string>.Empty);

    protected override async ValueTask<FailingModel> LoadFailingAsync()
    {
        var model = await IdentityModels.LoadAsync(
            new TensorShape(-1, 4), [TensorDataType.Fp32], new Dictionary<string, string> { ["fail_every"] = "2" });
        var input = ContractValues.Of(TensorDataType.Fp32, "INPUT0", new TensorShape(2, 4));
        return new FailingModel(model, [input], [input]);
    }
}
