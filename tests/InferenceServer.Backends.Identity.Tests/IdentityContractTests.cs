using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Contract;

namespace InferenceServer.Backends.Identity.Tests;

public sealed class IdentityContractTests : BackendContractTests
{
    /// <summary>It looks at the cancellation while it waits; a copy is over before anybody could have left.</summary>
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
