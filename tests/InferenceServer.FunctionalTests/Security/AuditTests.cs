using Grpc.Core;
using Inference;
using InferenceServer.FunctionalTests.Repository;
using InferenceServer.FunctionalTests.Server;
using InferenceServer.Testing;
using InferenceServer.Testing.Files;
using Serilog.Core;
using Xunit;

namespace InferenceServer.FunctionalTests.Security;

public sealed class AuditTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ControlActions_AreToldWithWhoAndWhatCameOfThem()
    {
        using var repository = new TemporaryDirectory();
        repository.Write("m/1/model.onnx", ScaledModel.Of(1));
        await using var access = new AccessFixture();
        var admin = access.AddAdmin();
        var weak = access.AddKey("weak", """[{"scopes": ["metadata"], "models": ["*"]}]""");
        await access.StartAsync(repository.FullPath, "--model-control-mode=explicit", "--load-model=m");
        var rpc = access.Server.Rpc;
        var headers = new Metadata { { "x-api-key", admin } };
        await access.SendAsync("POST", "/v2/repository/models/m/load", admin, "{}");
        await access.SendAsync("POST", "/v2/repository/models/m/load", weak, "{}");
        await access.SendAsync("POST", "/v2/repository/models/a%0Ab/unload", admin, "{}");
        await access.SendAsync("GET", "/v2/logging", admin);
        await access.SendAsync("POST", "/v2/logging", admin, "{}");
        await access.SendAsync("DELETE", "/v2/aliases/live", admin);
        await rpc.RepositoryModelUnloadAsync(new RepositoryModelUnloadRequest { ModelName = "m" }, headers, cancellationToken: Cancellation);
        await Assert.ThrowsAsync<RpcException>(async () => await rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "nothing" }, headers, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<RpcException>(async () => await rpc.RepositoryModelLoadAsync(new RepositoryModelLoadRequest { ModelName = "m" }, cancellationToken: Cancellation));
        await rpc.LogSettingsAsync(new LogSettingsRequest(), headers, cancellationToken: Cancellation);
        string[] expected =
        [
            "Control action POST /v2/repository/models/{model}/load on m by admin from 127.0.0.1:*: 200",
            "Control action POST /v2/repository/models/{model}/load on m by weak from 127.0.0.1:* was refused: PermissionDenied",
            "Control action POST /v2/repository/models/{model}/unload on a?b by admin from 127.0.0.1:*: 400",
            "Control action POST /v2/logging on - by admin from 127.0.0.1:*: 501",
            "Control action DELETE /v2/aliases/{alias} on live by admin from 127.0.0.1:*: 404",
            "Control action /inference.GRPCInferenceService/RepositoryModelUnload on m by admin from 127.0.0.1:*: OK",
            "Control action /inference.GRPCInferenceService/RepositoryModelLoad on nothing by admin from 127.0.0.1:*: Internal",
            "Control action /inference.GRPCInferenceService/RepositoryModelLoad on - by - from 127.0.0.1:* was refused: Unauthenticated",
        ];
        await Waiting.UntilAsync(() => Task.FromResult(Lines(access).Length >= expected.Length));
        Assert.Equal(expected, Lines(access));
    }

    [Fact]
    public async Task ControlActions_WithoutAuthentication_AreToldToo()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit", "--http-restricted-api=logging:x-key=s3cret"]);
        await server.PostAsync("/v2/repository/models/nothing/unload", "{}");
        await server.PostAsync("/v2/logging", "{}");
        var lines = server.Log.Events.Where(static one => one.Properties.GetValueOrDefault(Constants.SourceContextPropertyName)?.ToString().Contains("AuditLog", StringComparison.Ordinal) == true).Select(static one => one.RenderMessage(System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Contains(lines, static line => line.Contains("nothing", StringComparison.Ordinal) && line.EndsWith(": \"200\"", StringComparison.Ordinal));
        Assert.Contains(lines, static line => line.Contains("/v2/logging", StringComparison.Ordinal) && line.Contains("was refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SettingChanges_AreOffUnlessSwitchedOn()
    {
        await using var server = await RunningServer.StartAsync(SampleServer.Repository, flags: ["--model-control-mode=explicit"]);
        foreach (var (path, body) in new[] { ("/v2/logging", """{"log_info":false}"""), ("/v2/logging", """{"log_file":"/tmp/x"}"""), ("/v2/trace/setting", """{"trace_file":"/tmp/x"}"""), ("/v2/trace/setting", """{"trace_rate":"1"}""") })
        {
            var (status, text) = await server.PostAsync(path, body);
            Assert.Equal(System.Net.HttpStatusCode.NotImplemented, status);
            Assert.Contains("--allow-setting-changes", text, StringComparison.Ordinal);
        }

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.LogSettingsAsync(new LogSettingsRequest { Settings = { ["log_info"] = new LogSettingsRequest.Types.SettingValue { BoolParam = false } } }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        error = await Assert.ThrowsAsync<RpcException>(async () => await server.Rpc.TraceSettingAsync(new TraceSettingRequest { Settings = { ["trace_rate"] = new TraceSettingRequest.Types.SettingValue() } }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.Unimplemented, error.StatusCode);
        Assert.True((await server.Rpc.LogSettingsAsync(new LogSettingsRequest(), cancellationToken: Cancellation)).Settings["log_info"].BoolParam);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await server.Http.GetAsync("/v2/trace/setting", Cancellation)).StatusCode);
    }

    private static string[] Lines(AccessFixture access) =>
    [
        .. access.Server.Log.Events
            .Where(static one => one.Properties.GetValueOrDefault(Constants.SourceContextPropertyName)?.ToString().Contains("AuditLog", StringComparison.Ordinal) == true)
            .Select(static one => System.Text.RegularExpressions.Regex.Replace(one.RenderMessage(System.Globalization.CultureInfo.InvariantCulture).Replace("\"", "", StringComparison.Ordinal), @"(127\.0\.0\.1):\d+", "$1:*")),
    ];
}
