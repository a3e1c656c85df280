using Inference;
using InferenceServer.Protocols.KServe.Restrictions;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Restrictions;

public sealed class ApiCategoriesTests
{
    [Theory]
    [InlineData("/v2", ApiCategory.Metadata)]
    [InlineData("/v2/health/live", ApiCategory.Health)]
    [InlineData("/v2/health/ready", ApiCategory.Health)]
    [InlineData("/v2/models/{model}", ApiCategory.Metadata)]
    [InlineData("/v2/models/{model}/versions/{version}", ApiCategory.Metadata)]
    [InlineData("/v2/models/{model}/ready", ApiCategory.Health)]
    [InlineData("/v2/models/{model}/versions/{version}/ready", ApiCategory.Health)]
    [InlineData("/v2/models/{model}/config", ApiCategory.ModelConfig)]
    [InlineData("/v2/models/{model}/infer", ApiCategory.Inference)]
    [InlineData("/v2/models/{model}/versions/{version}/infer", ApiCategory.Inference)]
    [InlineData("/v2/models/{model}/generate", ApiCategory.Inference)]
    [InlineData("/v2/models/{model}/generate_stream", ApiCategory.Inference)]
    [InlineData("/v2/models/{model}/stats", ApiCategory.Statistics)]
    [InlineData("/v2/models/stats", ApiCategory.Statistics)]
    [InlineData("/v2/models/{model}/trace/setting", ApiCategory.Trace)]
    [InlineData("/v2/trace/setting", ApiCategory.Trace)]
    [InlineData("/v2/logging", ApiCategory.Logging)]
    [InlineData("/v2/repository/index", ApiCategory.ModelRepository)]
    [InlineData("/v2/repository/models/{model}/load", ApiCategory.ModelRepository)]
    [InlineData("/v2/systemsharedmemory/region/{region}/register", ApiCategory.SharedMemory)]
    [InlineData("/v2/cudasharedmemory/status", ApiCategory.SharedMemory)]
    public void OfRoute_RouteOfTheProtocol_HasItsCategory(string pattern, ApiCategory expected) => Assert.Equal(expected, ApiCategories.OfRoute(pattern));

    [Theory]
    [InlineData("/v2/models/{model}/something")]
    [InlineData("/v2/something")]
    [InlineData("/metrics")]
    public void OfRoute_UnknownRoute_HasNone(string pattern) => Assert.Null(ApiCategories.OfRoute(pattern));

    [Fact]
    public void OfRpc_EveryRpcOfTheContract_HasACategory() =>
        Assert.All(GRPCInferenceService.Descriptor.Methods, static method => Assert.NotNull(ApiCategories.OfRpc(method.Service.FullName, method.Name)));

    [Fact]
    public void OfRpc_UnknownRpc_HasNone() => Assert.Null(ApiCategories.OfRpc("some.Service", "Check"));
}
