using Grpc.Core;
using Inference;
using InferenceServer.Core.Logging;
using InferenceServer.Protocols.KServe.Tests.Rpc;
using Xunit;
using Value = Inference.LogSettingsRequest.Types.SettingValue;

namespace InferenceServer.Protocols.KServe.Tests.Logging;

public sealed class RpcLogSettingsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, Value, StatusCode> Wrong => new()
    {
        { "log_info", new Value { StringParam = "yes" }, StatusCode.InvalidArgument },
        { "log_warning", new Value { Uint32Param = 1 }, StatusCode.InvalidArgument },
        { "log_error", new Value(), StatusCode.InvalidArgument },
        { "log_verbose_level", new Value { BoolParam = true }, StatusCode.InvalidArgument },
        { "log_format", new Value { BoolParam = true }, StatusCode.InvalidArgument },
        { "log_format", new Value { StringParam = "xml" }, StatusCode.InvalidArgument },
        { "log_file", new Value { StringParam = "x.log" }, StatusCode.Unimplemented },
        { "nonsense", new Value { BoolParam = true }, StatusCode.InvalidArgument },
    };

    [Fact]
    public async Task LogSettings_ChangesWhatItNamesAndShowsAll()
    {
        await using var server = await RpcServer.StartAsync();
        var shown = (await server.Client.LogSettingsAsync(new LogSettingsRequest(), cancellationToken: Token)).Settings;
        Assert.Equal(["log_error", "log_file", "log_format", "log_info", "log_verbose_level", "log_warning"], shown.Keys.Order(StringComparer.Ordinal));
        Assert.True(shown["log_info"].BoolParam);
        Assert.Equal("default", shown["log_format"].StringParam);
        var request = new LogSettingsRequest
        {
            Settings =
            {
                ["log_info"] = new Value { BoolParam = false },
                ["log_warning"] = new Value { BoolParam = false },
                ["log_error"] = new Value { BoolParam = false },
                ["log_verbose_level"] = new Value { Uint32Param = 2 },
                ["log_format"] = new Value { StringParam = "json" },
            },
        };
        var changed = (await server.Client.LogSettingsAsync(request, cancellationToken: Token)).Settings;
        Assert.Equal(new LogSettings(2, false, false, false, LogFormat.Json), server.Control.Log.Current);
        Assert.Equal((2u, "json", ""), (changed["log_verbose_level"].Uint32Param, changed["log_format"].StringParam, changed["log_file"].StringParam));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task LogSettings_ThatAreWrong_ChangeNothingAndNameTheSetting(string name, Value value, StatusCode expected)
    {
        await using var server = await RpcServer.StartAsync();
        var request = new LogSettingsRequest { Settings = { ["log_info"] = new Value { BoolParam = false } } };
        request.Settings[name] = value;
        var failure = await Assert.ThrowsAsync<RpcException>(async () => await server.Client.LogSettingsAsync(request, cancellationToken: Token));
        Assert.Equal(expected, failure.StatusCode);
        Assert.Contains($"'{name}'", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Control.Logs.Changes);
    }
}
