using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Tracing;
using InferenceServer.Testing.Backends;
using InferenceServer.Testing.Tensors;
using Xunit;
using static InferenceServer.Core.Tests.Caching.CacheFixture;

namespace InferenceServer.Core.Tests.Caching;

public sealed class ModelCacheTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task SecondRequest_IsAnsweredWithoutAnExecution()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        (await SucceedAsync(InferAsync(model, 7, "a"))).Dispose();
        var answered = model.Engine.InferAsync(model.Rows(1, 7, "b"), Token);

        Assert.True(answered.IsCompletedSuccessfully);
        using var response = await SucceedAsync(answered.AsTask());
        Assert.Equal(("b", "m", 1L, 1), (response.Id, response.ModelName, response.ModelVersion, model.Backend.Executions));
        Assert.All(TestTensor.Read<float>(response.Outputs[0]), static value => Assert.Equal(7f, value));
    }

    [Fact]
    public async Task Counters_KeepTheirInvariants()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        foreach (var value in new[] { 1, 1, 2, 1, 2 })
        {
            (await SucceedAsync(InferAsync(model, value))).Dispose();
        }

        var report = model.Statistics.MakeReport("m", 1);
        Assert.Equal((5, 5, 3, 2, 2, 2), (report.Success.Count, report.Queue.Count, report.CacheHit.Count, report.CacheMiss.Count, report.InferenceCount, report.ExecutionCount));
        Assert.All(new[] { report.ComputeInput, report.ComputeInfer, report.ComputeOutput }, part => Assert.Equal(report.Success.Count - report.CacheHit.Count, part.Count));
        var asked = model.CacheCounters.Read();
        Assert.Equal((5, 3, 2, 2), (asked.Lookups.Count, asked.Hits, asked.Misses, asked.Insertions.Count));
    }

    [Fact]
    public async Task Response_KeepsTheVersionLoadedAndItsBytesAlive()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        (await SucceedAsync(InferAsync(model, 7))).Dispose();
        var response = await SucceedAsync(InferAsync(model, 7));

        Assert.False(await model.UnloadAsync(TimeSpan.FromMilliseconds(1)));
        Assert.All(TestTensor.Read<float>(response.Outputs[0]), static value => Assert.Equal(7f, value));
        var buffer = response.Outputs[0].Buffer;
        response.Dispose();
        await model.Unloading.WaitAsync(Testing.TestTimeouts.Phase, Token);
        Assert.Equal(0, buffer.Count);
    }

    [Fact]
    public async Task BatchedRequests_AreKeptOneByOne()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        var gate = model.Backend.Gate = new ExecutionGate();
        var first = InferAsync(model, 0);
        await gate.WaitForArrivalAsync();
        var others = Enumerable.Range(1, 5).Select(i => InferAsync(model, i)).ToArray();
        gate.Open();
        (await SucceedAsync(first)).Dispose();
        foreach (var other in others)
        {
            (await SucceedAsync(other)).Dispose();
        }

        for (var i = 0; i <= 5; i++)
        {
            using var response = await SucceedAsync(InferAsync(model, i));
            Assert.All(TestTensor.Read<float>(response.Outputs[0]), value => Assert.Equal(i, value));

            // Its own memory, not that of a batch which it would keep alive as a whole.
            Assert.Equal(16, response.Outputs[0].Buffer.Length);
        }

        Assert.Equal(2, model.Backend.Executions);
    }

    [Theory]
    [InlineData("Y")]
    [InlineData("Z")]
    [InlineData("Z Y")]
    [InlineData("Y Z")]
    [InlineData("")]
    public async Task Outputs_ComeAsTheyAreAskedFor(string names)
    {
        await using var model = TwoOutputs();
        string[] wanted = names.Length == 0 ? [] : names.Split(' ');
        string[] expected = names.Length == 0 ? ["Y", "Z"] : wanted;
        var executions = 0;
        for (var i = 0; i < 3; i++)
        {
            var request = model.Rows(1, 3);
            request.RequestedOutputs.AddRange(wanted);
            using var response = await SucceedAsync(model.Engine.InferAsync(request, Token).AsTask());
            Assert.Equal(expected, response.Outputs.ToArray().Select(static output => output.Name));
            Assert.All(response.Outputs.ToArray(), static output => Assert.All(TestTensor.Read<float>(output), value => Assert.Equal(output.Name == "Y" ? 3f : 6f, value)));
            executions = model.Backend.Executions;
        }

        Assert.Equal(1, executions);
    }

    [Fact]
    public async Task AllOutputs_AskedForInEveryWay_AreOneEntry()
    {
        await using var model = TwoOutputs();
        foreach (var wanted in new string[][] { ["Z", "Y"], [], ["Y", "Z"] })
        {
            var request = model.Rows(1, 3);
            request.RequestedOutputs.AddRange(wanted);
            using var response = await SucceedAsync(model.Engine.InferAsync(request, Token).AsTask());
            Assert.Equal(wanted.Length == 0 ? ["Y", "Z"] : wanted, response.Outputs.ToArray().Select(static output => output.Name));
        }

        Assert.Equal(1, model.Backend.Executions);
    }

    [Fact]
    public async Task ParametersOfTheBackend_AreKept()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        model.Backend.Execute = static batch =>
        {
            FakeBackend.EchoFirst(batch);
            batch.SetResponseParameter(0, "tokens", ParameterValue.FromInt64(12));
        };
        (await SucceedAsync(InferAsync(model, 1))).Dispose();
        using var response = await SucceedAsync(InferAsync(model, 1));

        Assert.Equal(ParameterValue.FromInt64(12), Assert.Single(response.Parameters).Value);
    }

    [Fact]
    public async Task Failure_IsNotKept()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        model.Backend.Execute = static _ => throw new BackendException("no");
        Assert.False((await InferAsync(model, 1)).IsSuccess);
        model.Backend.Execute = FakeBackend.EchoFirst;
        (await SucceedAsync(InferAsync(model, 1))).Dispose();

        Assert.Equal((2, 0L, 1L), (model.Backend.Executions, model.Statistics.CacheHits.Count, model.Statistics.CacheMisses.Count));
    }

    [Fact]
    public async Task RefusedRequest_AsksTheCacheNothing()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        var request = model.Request();
        Assert.False((await model.Engine.InferAsync(request, Token)).IsSuccess);

        Assert.Equal(0, model.CacheCounters.Read().Lookups.Count);
    }

    [Fact]
    public async Task AnswerLargerThanTheCache_GoesOutAndIsNotKept()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(100));
        for (var i = 0; i < 2; i++)
        {
            (await SucceedAsync(InferAsync(model, 1))).Dispose();
        }

        Assert.Equal((2, 2L), (model.Backend.Executions, model.Statistics.CacheMisses.Count));
    }

    [Fact]
    public async Task Stream_IsAnsweredFromTheCacheToo()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        (await SucceedAsync(InferAsync(model, 7))).Dispose();
        using var stream = model.Engine.StartStream(model.Rows(1, 7, "s"), Token);
        using var response = (await stream.ReadAsync(Token))!.Value.Response;

        Assert.Equal(("s", true, 1), (response!.Id, response.IsFinal, model.Backend.Executions));
        Assert.Null(await stream.ReadAsync(Token));
    }

    [Fact]
    public async Task Trace_OfAHit_HasNeitherQueueNorComputation()
    {
        await using var model = new ServedModelFixture(cache: new LocalResponseCache(1 << 20));
        (await SucceedAsync(InferAsync(model, 7))).Dispose();
        using var trace = new RequestTrace(1, "m", 1, new TraceSettings(TraceLevels.Timestamps, 1, -1, 0), default, TraceWriter.None, TimeProvider.System);
        var request = model.Rows(1, 7);
        request.Trace = trace;
        (await SucceedAsync(model.Engine.InferAsync(request, Token).AsTask())).Dispose();

        Assert.Equal(["REQUEST_START", "INFER_RESPONSE_COMPLETE", "REQUEST_END"], trace.Timestamps.Select(static stamp => TraceActivities.NameOf(stamp.Activity)));
    }

    [Fact]
    public async Task ModelWithoutCache_RunsEveryRequest()
    {
        await using var model = new ServedModelFixture();
        for (var i = 0; i < 2; i++)
        {
            (await SucceedAsync(InferAsync(model, 1))).Dispose();
        }

        Assert.Equal((2, 0L, 0L), (model.Backend.Executions, model.Statistics.CacheHits.Count, model.Statistics.CacheMisses.Count));
    }

    [Fact]
    public async Task TwoIncarnations_ShareNothing()
    {
        var cache = new LocalResponseCache(1 << 20);
        var seeds = new List<CacheKey>();
        var caching = new ResponseCaching(cache, new ModelFingerprint(new System.IO.Abstractions.FileSystem(), "1"), new Core.Scheduling.SchedulerOptions(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var config = Configuration.ConfigFixture.Complete("response_cache { enable: true }", Configuration.ConfigFixture.Batchable);
        for (var load = 0; load < 2; load++)
        {
            seeds.Add(new CacheKey((await caching.MakeSeedAsync(null!, null, config, new Dictionary<string, string>(), Token)).AsSpan()));
        }

        Assert.NotEqual(seeds[0], seeds[1]);
    }

    private static Task<InferenceOutcome> InferAsync(ServedModelFixture model, float value, string id = "") => model.Engine.InferAsync(model.Rows(1, value, id), Token).AsTask();

    /// <summary>Y is X and Z is twice as much.</summary>
    private static ServedModelFixture TwoOutputs()
    {
        var model = new ServedModelFixture(
            outputs: [ServedModelFixture.Tensor("Y", TensorDataType.Fp32, 8, 4), ServedModelFixture.Tensor("Z", TensorDataType.Fp32, 8, 4)],
            cache: new LocalResponseCache(1 << 20));
        model.Backend.Execute = static batch =>
        {
            var values = TestTensor.Read<float>(batch.Inputs[0]);
            for (var output = 0; output < 2; output++)
            {
                if (batch.IsRequested(output))
                {
                    var target = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(batch.AllocateOutput(output, batch.Inputs[0].Shape, batch.Inputs[0].Length).Span);
                    for (var i = 0; i < values.Length; i++)
                    {
                        target[i] = values[i] * (output + 1);
                    }
                }
            }
        };
        return model;
    }
}
