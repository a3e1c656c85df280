using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Host.Plugins;
using InferenceServer.Host.Tests.Plugins;
using InferenceServer.Host.Trials;
using Xunit;

namespace InferenceServer.Host.Tests.Trials;

/// <summary>Backends that the test compiles, loaded in a process of their own: the server's program beside this assembly.</summary>
public sealed class LoadTrialTests : IDisposable
{
    private readonly PluginFolder _folder = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task Run_ProcessThatEnds_IsAnErrorOfTheModelAlone()
    {
        var error = await TryAsync("End()", "static string End() { System.Environment.FailFast(\"the engine gave up\"); return \"\"; }");
        Assert.Equal(ErrorCode.InvalidArgument, error!.Code);
        Assert.StartsWith("the engine ended the process in which the model was loaded for a try (signal 6: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("the engine gave up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_LoadThatFails_SaysWhatTheBackendSays()
    {
        var error = await TryAsync(
            "context.ModelName + context.Version + context.ModelFile + context.DeclaredInputs[0].Name + context.DeclaredInputs[0].Shape + context.DeclaredOutputs[0].DataType + context.Parameters[\"k\"] + context.BackendSettings[\"s\"] "
            + "+ context.GraphOptimizationLevel + context.Placements[0].Kind + context.Placements[0].DeviceId + context.ProcessorCount + context.IsDecoupled + context.IsTrial + context.Accelerators[0].Parameters[\"p\"] + context.DeclaredInputs[0].IsOptional + context.OperatorLibraries[0] + context.Placements[0].Group");
        Assert.Equal("says m7/models/m/7/modelx[-1,3]Bytesvw1Gpu35TrueTrueqTruelibg", error!.Message);
        Assert.Equal(ErrorCode.InvalidArgument, error.Code);
    }

    [Fact]
    public void Request_HasEverythingThatALoadIsTold()
    {
        string[] elsewhere = [nameof(ModelLoadContext.Log), nameof(ModelLoadContext.IsTrial), nameof(ModelLoadContext.DeclaredInputs), nameof(ModelLoadContext.DeclaredOutputs)];
        var told = typeof(ModelLoadContext).GetProperties().Select(static one => one.Name).Except(elsewhere);
        Assert.Equal([], told.Except(typeof(TrialRequest).GetProperties().Select(static one => one.Name)));
    }

    [Fact]
    public async Task Run_EngineThatTalks_IsNotTakenForAnAnswer()
    {
        var error = await TryAsync("Talk()", "static string Talk() { for (var i = 0; i < 20000; i++) { System.Console.WriteLine(\"a line of the engine\"); System.Console.Error.WriteLine(\"another\"); } return \"so\"; }");
        Assert.Equal("says so", error!.Message);
    }

    [Fact]
    public async Task Run_SwitchedOff_IsNot() => Assert.Null(await TryAsync("1", setting: "0"));

    [Fact]
    public async Task Run_SettingThatIsNone_IsToldAsSuch() => Assert.Equal("backend setting 'trial_load': expected 0, 1, false or true, got 'maybe'", (await TryAsync("1", setting: "maybe"))!.Message);

    [Fact]
    public async Task Run_GivenUp_EndsTheProcess()
    {
        using var cancelled = new CancellationTokenSource();
        var running = TryAsync("Wait()", "static string Wait() { System.Console.Error.WriteLine(\"waiting\"); new System.Threading.ManualResetEvent(false).WaitOne(); return \"\"; }", cancellation: cancelled.Token);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Run_ProgramThatIsNotThere_LoadsWithoutATryAndSaysSo()
    {
        await new LoadTrial("/nowhere", new System.Diagnostics.ProcessStartInfo("/nowhere/inference-server", [TrialCommand.Word])).RunAsync(Context(null), TestContext.Current.CancellationToken);
        Assert.StartsWith("the model is loaded without a try in a process of its own", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<BackendException?> TryAsync(string expression, string more = "", string? setting = null, CancellationToken? cancellation = null)
    {
        _folder.Compile("tried", "Own", PluginFolder.TellingBackend("tried", expression, more));
        _folder.Describe("tried", "Own", "Telling", """, "trial_load": true""");
        var folder = Assert.Single(new BackendFolderReader(new FileSystem(), [], loadsCode: true).Read(_folder.FullPath));
        Assert.True(folder.Manifest!.TriesLoads, folder.Problem);
        var program = TrialProgram.Find(Environment.ProcessPath, typeof(LoadTrial).Assembly.Location, new FileSystem());
        Assert.NotNull(program);
        try
        {
            await new LoadTrial(folder.Path, program).RunAsync(Context(setting), cancellation ?? TestContext.Current.CancellationToken);
            return null;
        }
        catch (BackendException exception)
        {
            return exception;
        }
    }

    private ModelLoadContext Context(string? setting) => new()
    {
        ModelName = "m",
        Version = 7,
        ModelFile = "/models/m/7/model",
        DeclaredInputs = [new TensorSpec("x", TensorDataType.Fp32, new TensorShape(-1, 3)) { IsOptional = true }],
        DeclaredOutputs = [new TensorSpec("y", TensorDataType.Bytes, new TensorShape(-1))],
        Parameters = new Dictionary<string, string> { ["k"] = "v" },
        BackendSettings = setting is null ? new Dictionary<string, string> { ["s"] = "w" } : new Dictionary<string, string> { ["s"] = "w", [LoadTrial.SettingKey] = setting },
        GraphOptimizationLevel = 1,
        Placements = [new InstancePlacement("m_0", InstanceKind.Gpu, 3) { Group = "g" }],
        OperatorLibraries = ["lib"],
        Accelerators = [new ExecutionAccelerator("a", InstanceKind.Gpu) { Parameters = new Dictionary<string, string> { ["p"] = "q" } }],
        ProcessorCount = 5,
        IsDecoupled = true,
        Log = new ListLog(_warnings),
    };

    private sealed class ListLog(List<string> warnings) : IBackendLog
    {
        public void Info(string message)
        {
        }

        public void Warning(string message) => warnings.Add(message);
    }
}
