using InferenceServer.Abstractions.Models;
using InferenceServer.Core.Inference;
using InferenceServer.Testing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static InferenceServer.Core.Tests.Scheduling.SchedulingFixture;

namespace InferenceServer.Core.Tests.Scheduling;

/// <summary>Lanes that are added since more gets done with them.</summary>
public sealed class GrownLaneTests : IDisposable
{
    // The first value of a request that waits at the gate.
    private const float Held = -1;

    // That of one of a load.
    private const float Loading = -2;

    private const int Clients = 8;

    private static readonly TimeSpan s_execution = TimeSpan.FromMilliseconds(12);

    private readonly FakeTimeProvider _time = new();
    private readonly ExecutionGate _gate = new();
    private readonly ExecutionGate _load = new();
    private Func<int, double> _speed = static _ => 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _gate.Dispose();
        _load.Dispose();
    }

    [Fact]
    public async Task MoreGetMoreDone_RunAtOnce()
    {
        await using var model = Make(most: 3, static lanes => lanes);

        await LoadAsync(model, () => model.Scheduler.SettledLanes == 3);

        Assert.Equal(3, model.Backend.LivingInstances);
        var held = Enumerable.Range(0, 3).Select(_ => model.Engine.InferAsync(Explained(model.Rows(1, Held)), Token)).ToList();
        for (var i = 0; i < 3; i++)
        {
            await _gate.WaitForArrivalAsync();
        }

        Assert.Equal(3, model.Scheduler.ReadLoad().Running);
        Assert.Equal(["m_0", "m_1", "m_2"], (await EndAsync(held)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task MoreBringNothing_OneRunsAsBefore()
    {
        await using var model = Make(most: 2, static _ => 1);
        var hasTried = false;

        await LoadAsync(model, () => (hasTried |= model.Scheduler.ReadLoad().Lanes == 2) && model.Scheduler.SettledLanes is not null);

        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
        var first = model.Engine.InferAsync(model.Rows(1, Held), Token);
        await _gate.WaitForArrivalAsync();
        var second = model.Engine.InferAsync(model.Rows(1, 5f), Token);
        Assert.Equal((1, 1), (model.Scheduler.ReadLoad().Running, model.Scheduler.ReadLoad().Requests));
        _gate.Open();
        (await SucceedAsync(first)).Dispose();
        (await SucceedAsync(second)).Dispose();
    }

    [Fact]
    public async Task LaneThatCannotBeMade_IsDoneWithout()
    {
        await using var model = Make(most: 2, static lanes => lanes);
        model.Backend.MakingInstance = static _ => throw new InvalidOperationException("no more");
        var count = 0;

        await LoadAsync(model, () => ++count > 200);

        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
    }

    /// <summary>Executions use the thread of their lane alone while there is enough to do for all lanes, and what the engine likes otherwise.</summary>
    [Fact]
    public async Task OneThreadEachGetsMoreDone_RunsSoWhileThereIsEnoughToDo()
    {
        var asked = 0;
        var isAlone = false;

        // Two are no better than one, so three are tried with one thread each only.
        await using var model = Make(most: 3, static lanes => lanes == 3 ? 1.5 : 1, () => ++asked > 0);
        await LoadAsync(model, () => model.Scheduler.SettledLanes == 3);
        Assert.True(asked > 0);
        model.Backend.Execute = batch =>
        {
            isAlone = batch.UsesOneThread;
            _gate.Pass(batch.Cancellation);
            FakeBackend.EchoFirst(batch);
        };

        var first = model.Engine.InferAsync(model.Rows(1, 1f), Token);
        await _gate.WaitForArrivalAsync();
        Assert.False(isAlone);
        var second = model.Engine.InferAsync(model.Rows(1, 1f), Token);
        await _gate.WaitForArrivalAsync();
        Assert.True(isAlone);
        await EndAsync([first, second]);
    }

    [Fact]
    public async Task EngineDoesNotGetReady_RunsAsBefore()
    {
        var asked = 0;
        await using var model = Make(most: 3, static _ => 1, () => ++asked < 0);

        await LoadAsync(model, () => asked > 0 && model.Scheduler.SettledLanes is not null);

        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
    }

    [Fact]
    public async Task OtherRules_FreeThem()
    {
        await using var model = Make(most: 2, static lanes => lanes);
        await LoadAsync(model, () => model.Scheduler.SettledLanes == 2);
        var held = Enumerable.Range(0, 2).Select(_ => model.Engine.InferAsync(model.Rows(1, Held), Token)).ToList();
        await _gate.WaitForArrivalAsync();
        await _gate.WaitForArrivalAsync();

        model.Scheduler.Retune(CallerRules(model, TimeSpan.Zero), [], []);

        Assert.Equal(1, model.Scheduler.ReadLoad().Lanes);
        await EndAsync(held);
        await Waiting.UntilAsync(() => model.Backend.LivingInstances == 1);
    }

    private static InferenceRequest Explained(InferenceRequest request)
    {
        request.Parameters["explain"] = ParameterValue.FromBool(true);
        return request;
    }

    /// <returns>The lanes by which those were run that have asked.</returns>
    private async Task<List<string>> EndAsync(IEnumerable<ValueTask<InferenceOutcome>> held)
    {
        _gate.Open();
        var lanes = new List<string>();
        foreach (var one in held)
        {
            using var response = await SucceedAsync(one);
            if (response.Parameters.TryGetValue("explain_lane", out var lane))
            {
                lanes.Add(lane.ToString());
            }
        }

        return lanes;
    }

    private ServedModelFixture Make(int most, Func<int, double> speed, Func<bool>? tryReadyOneThread = null)
    {
        _speed = speed;
        var model = new ServedModelFixture(time: _time, maxBatchSize: 0, inputs: [ServedModelFixture.Tensor("X", Abstractions.Tensors.TensorDataType.Fp32, 8, 4)], idleTimeout: TimeSpan.FromHours(1), maxLanes: most, tryReadyOneThread: tryReadyOneThread);
        model.Backend.Execute = batch =>
        {
            var first = TestTensor.Read<float>(batch.Inputs[0])[0];
            if (first == Held)
            {
                _gate.Pass(batch.Cancellation);
            }
            else if (first == Loading)
            {
                _load.Pass(batch.Cancellation);
            }

            FakeBackend.EchoFirst(batch);
        };
        return model;
    }

    /// <summary>
    /// More clients than there can be lanes, each of which sends when it has its answer, until it has come to something. One execution ends at a time, when every lane that may run runs one, and so much later
    /// as the lanes are quick: what threads do how fast on this machine is not in it.
    /// </summary>
    private async Task LoadAsync(ServedModelFixture model, Func<bool> isReached)
    {
        var open = new List<Task<InferenceOutcome>>();
        var ended = 0;
        try
        {
            do
            {
                while (open.Count < Clients)
                {
                    open.Add(Task.Run(async () => await model.Engine.InferAsync(model.Rows(1, Loading), Token), Token));
                }

                while (_load.Arrived - ended < model.Scheduler.ReadLoad().Lanes)
                {
                    // There may also be fewer lanes by now.
                    await _load.TryWaitForArrivalAsync(TimeSpan.FromMilliseconds(5));
                }

                _time.Advance(s_execution / _speed(model.Scheduler.ReadLoad().Lanes));
                _load.PassOne();
                ended++;
                var one = await Task.WhenAny(open).WaitAsync(TestTimeouts.Phase, Token);
                open.Remove(one);
                (await SucceedAsync(one)).Dispose();
                Assert.True(ended < 100_000, "it did not come to that");
            }
            while (!isReached());
        }
        finally
        {
            _load.Open();
        }

        foreach (var one in open)
        {
            (await SucceedAsync(one)).Dispose();
        }

        // Lanes are done a little after their answers.
        await Waiting.UntilAsync(() => model.Scheduler.ReadLoad().Running == 0);
    }
}
