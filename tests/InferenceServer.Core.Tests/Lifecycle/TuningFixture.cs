using System.IO.Abstractions;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Repository;
using InferenceServer.Core.Scheduling;
using InferenceServer.Core.SharedMemory;
using InferenceServer.Core.Tests.Residency;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Files;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Lifecycle;

/// <summary>A repository on disk, the real scanner, loop, loader and engine over it, and a scripted backend of X [-1,2] → Y [-1,2].</summary>
internal sealed class TuningFixture : IAsyncDisposable
{
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private readonly TemporaryDirectory _repository = new();
    private readonly ModelCatalog _catalog = new();

    public TuningFixture(bool autoWarmup = false, HostPolicies? policies = null)
    {
        var options = new CoreOptions { Identity = new ServerIdentity("test", "0"), Repositories = [], ExitTimeout = TestTimeouts.Phase, AutoWarmup = autoWarmup, HostPolicies = policies ?? HostPolicies.None };
        var loader = new ModelLoader([Backend], new FileSystem(), _pool, TimeProvider.System, options, NullLoggerFactory.Instance);
        Manager = new ModelManager(_catalog, loader, new FakeMeter(), TimeProvider.System, options, NullLogger<ModelManager>.Instance);
        Manager.Start();
        Manager.Aspire([]);
        Engine = new InferenceEngine(_catalog, _pool, new SharedMemoryRegistry(new SharedMemoryOptions(), NullLogger<SharedMemoryRegistry>.Instance), new ServerPhase(), new SchedulerOptions(), TimeProvider.System);
    }

    public FakeBackend Backend { get; } = new(new ModelSignature(
        [new TensorSpec("X", TensorDataType.Fp32, new TensorShape(-1, 2))], [new TensorSpec("Y", TensorDataType.Fp32, new TensorShape(-1, 2))]));

    public ModelManager Manager { get; }

    public InferenceEngine Engine { get; }

    public ServedModel Served => _catalog.Current.Find("m")!.Ready.Last();

    /// <summary>What is known of the model, as version, state and reason.</summary>
    public string[] Known => [.. Manager.Statuses.Where(static status => status.Name == "m").Select(static status => $"{status.Version} {status.State} {status.Reason}")];

    public (long Succeeded, long Failed) Loads => Manager.LoadCounts is [var count] ? (count.Succeeded, count.Failed) : default;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Writes the configuration and has the model loaded by it, as a request would; null when it serves so.</summary>
    public async Task<string?> LoadAsync(string config, params string[] versions)
    {
        foreach (var version in versions is [] ? ["1"] : versions)
        {
            if (!Directory.Exists(Path.Combine(_repository.FullPath, "m", version)))
            {
                _repository.Write($"m/{version}/model.fake", "");
            }
        }

        _repository.Write("m/config.pbtxt", $"backend: \"fake\" {config}");
        var failure = await Manager.LoadAsync(Read()).WaitAsync(TestTimeouts.Phase, Token);
        return failure?.Reason;
    }

    /// <summary>What the repository asks for.</summary>
    public AspiredModel Read()
    {
        var aspired = Assert.Single(AspiredModels.From(new RepositoryScanner(new FileSystem(), [_repository.FullPath], []).Scan(), [Backend.Descriptor]));
        Assert.Null(aspired.Problem);
        return aspired;
    }

    public async Task<InferenceOutcome> InferAsync(int rows = 1)
    {
        Assert.True((await Engine.AcquireAsync("m", "", Token)).TryGet(out var lease, out var error), error?.Message);
        var request = new InferenceRequest(lease!);
        request.AddInput(TestTensor.Of<float>(_pool, "X", TensorDataType.Fp32, new TensorShape(rows, 2), new float[rows * 2]));
        return await Engine.InferAsync(request, Token);
    }

    public async Task SucceedAsync(Task<InferenceOutcome>? outcome = null)
    {
        var ended = await (outcome ?? InferAsync()).WaitAsync(TestTimeouts.Phase, Token);
        Assert.True(ended.IsSuccess, ended.Error?.Message);
        ended.Response!.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Backend.Gate?.Open();
        Assert.True(await Manager.StopAsync().WaitAsync(TestTimeouts.Phase, Token));
        Manager.Dispose();
        Assert.Equal((0, 0, 0L), (Backend.LivingModels, Backend.LivingInstances, _pool.RentedBuffers));
        Backend.Gate?.Dispose();
        _pool.Dispose();
        _repository.Dispose();
    }
}
