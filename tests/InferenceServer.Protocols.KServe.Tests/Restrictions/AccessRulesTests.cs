using Google.Protobuf.Reflection;
using Grpc.Health.V1;
using Inference;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Access;
using InferenceServer.Protocols.KServe.OpenApi;
using InferenceServer.Protocols.KServe.Restrictions;
using InferenceServer.Protocols.KServe.Rpc;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;

namespace InferenceServer.Protocols.KServe.Tests.Restrictions;

public sealed class AccessRulesTests
{
    private static readonly Caller s_nobody = new("nobody", [], null);
    private static readonly Caller s_everybody = Of(~AccessScopes.None, "*");

    public static TheoryData<string> Patterns => [.. RouteTable.All.SelectMany(static route => route.Patterns).Distinct()];

    public static TheoryData<string> Messages => [.. GRPCInferenceService.Descriptor.Methods.Select(static method => method.InputType.Name)];

    [Theory]
    [MemberData(nameof(Patterns))]
    public void OfRoute_EveryRoute_HasARule(string pattern) => Assert.NotNull(AccessRules.OfRoute(pattern));

    [Theory]
    [InlineData("/v2/health/ready", AccessRule.Health)]
    [InlineData("/v2/models/{model}/ready", AccessRule.ModelHealth)]
    [InlineData("/v2/models/{model}/versions/{version}/infer", AccessRule.Inference)]
    [InlineData("/v2/models/stats", AccessRule.Metadata)]
    [InlineData("/v2/repository/index", AccessRule.Metadata)]
    [InlineData("/v2/repository/models/{model}/unload", AccessRule.Control)]
    [InlineData("/v2/repository/{repository}/models/{model}/load", AccessRule.Control)]
    [InlineData("/v2/aliases", AccessRule.Settings)]
    [InlineData("/v2/aliases/{alias}", AccessRule.Settings)]
    [InlineData("/v2/aliases/{alias}/promote", AccessRule.Control)]
    [InlineData("/v2/models/{model}/trace/setting", AccessRule.Settings)]
    [InlineData("/v2/logging", AccessRule.Settings)]
    [InlineData("/v2/cudasharedmemory/region/{region}/register", AccessRule.SharedMemory)]
    [InlineData("/openapi.json", AccessRule.Metadata)]
    public void OfRoute_Route_HasTheRuleOfWhatItDoes(string pattern, AccessRule expected) => Assert.Equal(expected, AccessRules.OfRoute(pattern));

    [Theory]
    [InlineData("/v2/models/{model}/something")]
    [InlineData("/v2/repository/models/{model}/something")]
    [InlineData("/v3")]
    public void OfRoute_UnknownRoute_HasNone(string pattern) => Assert.Null(AccessRules.OfRoute(pattern));

    [Fact]
    public void OfRpc_EveryRpcOfTheContract_HasARule()
    {
        Assert.All(GRPCInferenceService.Descriptor.Methods, static method => Assert.NotNull(AccessRules.OfRpc(method.Service.FullName, method.Name)));
        Assert.All(Health.Descriptor.Methods, static method => Assert.NotNull(AccessRules.OfRpc(method.Service.FullName, method.Name)));
        Assert.Null(AccessRules.OfRpc("inference.GRPCInferenceService", "SomethingNew"));
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_OfEveryRpc_IsForWhoHasTheRight(string name)
    {
        var message = GRPCInferenceService.Descriptor.File.MessageTypes.Single(type => type.Name == name).Parser.ParseFrom([]);
        Assert.Null(MessageAccess.FindRefusal(s_everybody, new FakeControl(null!), message));
        if (name is "ServerLiveRequest" or "ServerReadyRequest")
        {
            return;
        }

        Assert.Equal(ErrorCode.PermissionDenied, MessageAccess.FindRefusal(s_nobody, new FakeControl(null!), message)?.Code);
        Assert.Equal(ErrorCode.Unauthenticated, MessageAccess.FindRefusal(null, new FakeControl(null!), message)?.Code);
    }

    [Fact]
    public void Message_OfAnUnknownKind_IsForNobody() => Assert.NotNull(MessageAccess.FindRefusal(s_everybody, new FakeControl(null!), new FileDescriptorSet()));

    [Fact]
    public void Message_ForAModel_AsksForTheRightToIt()
    {
        var caller = Of(AccessScopes.Inference | AccessScopes.Control | AccessScopes.Metadata, "a*");
        Assert.Null(Ask(caller, new ModelInferRequest { ModelName = "abc" }));
        var forbidden = Ask(caller, new ModelInferRequest { ModelName = "b" });
        Assert.Equal(ErrorCode.PermissionDenied, forbidden?.Code);
        Assert.DoesNotContain("'b'", forbidden!.Message, StringComparison.Ordinal);
        Assert.Null(Ask(caller, new RepositoryModelLoadRequest { ModelName = "abc" }));

        // What could reach beyond the models of the caller.
        Assert.NotNull(Ask(caller, new RepositoryModelLoadRequest { ModelName = "abc", Parameters = { ["config"] = new ModelRepositoryParameter { StringParam = "{}" } } }));
        Assert.NotNull(Ask(caller, new RepositoryModelUnloadRequest { ModelName = "abc", Parameters = { ["unload_dependents"] = new ModelRepositoryParameter { BoolParam = true } } }));
        Assert.NotNull(Ask(caller, new LogSettingsRequest { Settings = { ["log_info"] = new LogSettingsRequest.Types.SettingValue { BoolParam = false } } }));
        Assert.NotNull(Ask(caller, new TraceSettingRequest { Settings = { ["trace_rate"] = new TraceSettingRequest.Types.SettingValue() } }));
        Assert.Null(Ask(caller, new TraceSettingRequest { ModelName = "abc", Settings = { ["trace_rate"] = new TraceSettingRequest.Types.SettingValue() } }));
    }

    [Fact]
    public void Message_WithSharedMemory_AsksForTheRightToIt()
    {
        var request = new ModelInferRequest { ModelName = "m", Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "x", Parameters = { ["shared_memory_region"] = new InferParameter { StringParam = "r" } } } } };
        Assert.Equal("shared_memory_region", Ask(Of(AccessScopes.Inference, "*"), request)?.Subject);
        Assert.Null(Ask(Of(AccessScopes.Inference | AccessScopes.SharedMemory, "*"), request));
        request = new ModelInferRequest { ModelName = "m", Outputs = { new ModelInferRequest.Types.InferRequestedOutputTensor { Name = "x", Parameters = { ["shared_memory_region"] = new InferParameter { StringParam = "r" } } } } };
        Assert.NotNull(Ask(Of(AccessScopes.Inference, "*"), request));
    }

    [Fact]
    public void Health_OfAModel_IsForWhoMayUseIt()
    {
        Assert.Null(MessageAccess.FindRefusal(null, new FakeControl(null!), new HealthCheckRequest()));
        Assert.Null(MessageAccess.FindRefusal(null, new FakeControl(null!), new HealthCheckRequest { Service = "inference.GRPCInferenceService" }));
        Assert.Equal(ErrorCode.Unauthenticated, MessageAccess.FindRefusal(null, new FakeControl(null!), new HealthCheckRequest { Service = "m" })?.Code);
        Assert.Null(Ask(Of(AccessScopes.Inference, "m"), new HealthCheckRequest { Service = "m" }));
        Assert.NotNull(Ask(Of(AccessScopes.Inference, "m"), new HealthCheckRequest { Service = "n" }));
    }

    [Fact]
    public void List_OfModels_IsCutToWhatTheCallerMaySee()
    {
        var index = new RepositoryIndexResponse { Models = { new[] { "a", "b", "a2" }.Select(static name => new RepositoryIndexResponse.Types.ModelIndex { Name = name }) } };
        MessageAccess.Cut(Of(AccessScopes.Metadata, "a*"), index);
        Assert.Equal(["a", "a2"], index.Models.Select(static entry => entry.Name));
    }

    private static InferenceError? Ask(Caller caller, object message) => MessageAccess.FindRefusal(caller, new FakeControl(null!), message);

    private static Caller Of(AccessScopes scopes, string models) => new("c", [new AccessGrant(scopes, new ModelPatterns([models]))], null);
}
