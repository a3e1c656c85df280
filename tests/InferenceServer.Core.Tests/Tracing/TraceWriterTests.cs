using System.IO.Abstractions.TestingHelpers;
using System.Text.Json;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Memory;
using InferenceServer.Core.Tracing;
using InferenceServer.Testing.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace InferenceServer.Core.Tests.Tracing;

public sealed class TraceWriterTests : IDisposable
{
    private static readonly TraceSettings s_all = new(TraceLevels.Timestamps | TraceLevels.Tensors, 1, -1, 0);

    private readonly MockFileSystem _files = new();
    private readonly TensorPool _pool = new(new TensorPoolOptions());
    private long _lastId;

    public TraceWriterTests() => _files.AddDirectory("/traces");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task Trace_IsWrittenAsObjectsOfOneArray()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        var context = TraceContext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using (var trace = Begin(writer, s_all, context))
        {
            trace.BeginRequest("a \"quoted\" id");

            // Timestamps stand in the order of time, not in that of their recording.
            trace.Record(TraceActivity.ComputeEnd, 30);
            trace.Record(TraceActivity.ComputeStart, 20);
            using var tensor = TestTensor.Of<float>(_pool, "X", TensorDataType.Fp32, new TensorShape(1, 3), [1.5f, -2f, float.NaN]);
            trace.Record(TraceActivity.TensorQueueInput, [tensor]);
        }

        Begin(writer, s_all).Dispose();
        await writer.StopAsync(Token);
        var objects = Read("/traces/t.json");
        Assert.Equal("""{"id":1,"model_name":"m","model_version":3,"request_id":"a \"quoted\" id","trace_id":"0af7651916cd43dd8448eb211c80319c","parent_span_id":"b7ad6b7169203331"}""", objects[0]);
        Assert.Equal("""{"id":1,"timestamps":[{"name":"COMPUTE_START","ns":2000}]}""", objects[1]);
        Assert.Equal("""{"id":1,"timestamps":[{"name":"COMPUTE_END","ns":3000}]}""", objects[2]);
        Assert.Contains("REQUEST_START", objects[3], StringComparison.Ordinal);
        Assert.Equal("""{"id":1,"activity":"TENSOR_QUEUE_INPUT","tensor":{"name":"X","data":"1.5,-2,NaN","shape":"1,3","dtype":"FP32"}}""", objects[4]);
        Assert.Equal("""{"id":2,"model_name":"m","model_version":3}""", objects[5]);
        Assert.Equal(6, objects.Length);
    }

    [Fact]
    public async Task Levels_DecideWhatIsWritten()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        foreach (var levels in new[] { TraceLevels.Timestamps, TraceLevels.Tensors })
        {
            using var trace = Begin(writer, s_all with { Levels = levels });
            trace.Record(TraceActivity.QueueStart);
            using var tensor = TestTensor.Of<byte>(_pool, "X", TensorDataType.Bool, new TensorShape(2), [1, 0]);
            trace.Record(TraceActivity.TensorQueueInput, [tensor]);
        }

        await writer.StopAsync(Token);
        var objects = Read("/traces/t.json");
        Assert.Equal(4, objects.Length);
        Assert.Contains("QUEUE_START", objects[1], StringComparison.Ordinal);
        Assert.Contains("\"1,0\"", objects[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task LongTensor_IsCutAndSaysSo()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        using (var trace = Begin(writer, s_all))
        {
            using var exact = TestTensor.Of(_pool, "EXACT", TensorDataType.UInt8, new TensorShape(TracedTensor.MaxBytes), new byte[TracedTensor.MaxBytes]);
            using var cut = TestTensor.Of(_pool, "CUT", TensorDataType.Int64, new TensorShape(TracedTensor.MaxBytes), new long[TracedTensor.MaxBytes]);
            trace.Record(TraceActivity.TensorQueueInput, [exact, cut]);
        }

        await writer.StopAsync(Token);
        var objects = Read("/traces/t.json");
        Assert.DoesNotContain("truncated", objects[1], StringComparison.Ordinal);
        using var document = JsonDocument.Parse(objects[2]);
        var tensor = document.RootElement.GetProperty("tensor");
        Assert.True(tensor.GetProperty("truncated").GetBoolean());
        Assert.Equal(8L * TracedTensor.MaxBytes, tensor.GetProperty("byte_size").GetInt64());
        Assert.Equal(TracedTensor.MaxBytes / 8, tensor.GetProperty("data").GetString()!.Split(',').Length);
    }

    [Fact]
    public async Task Strings_StandInQuotes()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        using (var trace = Begin(writer, s_all))
        {
            using var strings = TestTensor.Of<byte>(_pool, "S", TensorDataType.Bytes, new TensorShape(2), [2, 0, 0, 0, (byte)'a', (byte)'b', 1, 0, 0, 0, 0xFF]);
            trace.Record(TraceActivity.TensorBackendOutput, [strings]);
        }

        await writer.StopAsync(Token);
        using var document = JsonDocument.Parse(Read("/traces/t.json")[1]);
        Assert.Equal("\"ab\",\"\uFFFD\"", document.RootElement.GetProperty("tensor").GetProperty("data").GetString());
    }

    [Fact]
    public async Task Trace_TakesNoMoreThanItsLimits()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        using (var trace = Begin(writer, s_all))
        {
            using var tensor = TestTensor.Of<byte>(_pool, "X", TensorDataType.UInt8, new TensorShape(1), [1]);
            for (var i = 0; i < 2 * RequestTrace.MaxTimestamps; i++)
            {
                trace.Record(TraceActivity.ResponseComplete);
                trace.Record(TraceActivity.TensorBackendOutput, [tensor]);
            }
        }

        await writer.StopAsync(Token);
        Assert.Equal(1 + RequestTrace.MaxTimestamps + RequestTrace.MaxTensors, Read("/traces/t.json").Length);
    }

    [Fact]
    public async Task LogFrequency_NumbersTheFiles()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        for (var i = 0; i < 5; i++)
        {
            Begin(writer, s_all with { LogFrequency = 2 }).Dispose();
        }

        await writer.StopAsync(Token);
        Assert.Equal([2, 2, 1], [Read("/traces/t.json.0").Length, Read("/traces/t.json.1").Length, Read("/traces/t.json.2").Length]);
        Assert.False(_files.FileExists("/traces/t.json"));
        Assert.False(_files.FileExists("/traces/t.json.3"));
    }

    [Fact]
    public async Task File_IsWholeAfterEveryTrace()
    {
        await using var file = new TraceFile(_files, "/traces/f.json");
        for (var i = 1; i <= 3; i++)
        {
            await file.AppendAsync("{\"id\":1}"u8.ToArray());
            Assert.Equal(i, Read("/traces/f.json").Length);
        }
    }

    [Fact]
    public async Task MoreTracesThanCanWait_AreDroppedAndCounted()
    {
        var writer = Make(new TraceOptions { File = "/traces/t.json", MaxWaiting = 3 });
        for (var i = 0; i < 5; i++)
        {
            Begin(writer, s_all).Dispose();
        }

        Assert.Equal(2, writer.Dropped);
        await writer.StartAsync(Token);
        await writer.StopAsync(Token);
        Assert.Equal(3, Read("/traces/t.json").Length);
    }

    [Fact]
    public async Task MoreBytesThanCanWait_AreDroppedAndCounted()
    {
        var writer = Make(new TraceOptions { File = "/traces/t.json", MaxWaitingBytes = 10 });
        foreach (var size in new[] { 6, 6, 4 })
        {
            using var trace = Begin(writer, s_all);
            using var tensor = TestTensor.Of(_pool, "X", TensorDataType.UInt8, new TensorShape(size), new byte[size]);
            trace.Record(TraceActivity.TensorQueueInput, [tensor]);
        }

        Assert.Equal(1, writer.Dropped);
        await writer.StartAsync(Token);
        await writer.StopAsync(Token);
        Assert.Equal(4, Read("/traces/t.json").Length);
    }

    [Fact]
    public async Task LimitOfBytes_EndsTheWriting()
    {
        var writer = Make(new TraceOptions { File = "/traces/t.json", MaxBytes = 60 });
        for (var i = 0; i < 5; i++)
        {
            Begin(writer, s_all).Dispose();
        }

        await writer.StartAsync(Token);
        await writer.StopAsync(Token);
        Assert.Equal(2, Read("/traces/t.json").Length);
        Assert.Equal(3, writer.Dropped);
    }

    [Fact]
    public async Task FileThatCannotBeWritten_CostsTheTracesAndNothingElse()
    {
        var writer = Make(new TraceOptions { File = "/nowhere/t.json" });
        await writer.StartAsync(Token);
        Begin(writer, s_all).Dispose();
        Begin(writer, s_all).Dispose();
        await writer.StopAsync(Token);
        Assert.Equal(2, writer.Dropped);
    }

    [Fact]
    public async Task TraceThatIsOver_TakesNothingMore()
    {
        var writer = Make();
        await writer.StartAsync(Token);
        var trace = Begin(writer, s_all);
        trace.BeginSend(TraceActivity.HttpSendStart, TraceActivity.HttpSendEnd);
        trace.Dispose();
        trace.Record(TraceActivity.RequestEnd);
        trace.Dispose();
        await writer.StopAsync(Token);
        var objects = Read("/traces/t.json");
        Assert.Equal(3, objects.Length);
        Assert.Contains("HTTP_SEND_END", objects[2], StringComparison.Ordinal);
    }

    private TraceWriter Make(TraceOptions? options = null) => new(options ?? new TraceOptions { File = "/traces/t.json" }, _files, new SlowClock(), NullLogger.Instance);

    private RequestTrace Begin(TraceWriter writer, TraceSettings settings, TraceContext context = default) => new(++_lastId, "m", 3, settings, context, writer, TimeProvider.System);

    private string[] Read(string path)
    {
        // The writer may have the file open, as a reader of a running server finds it.
        using var document = JsonDocument.Parse(_files.GetFile(path).TextContents);
        return [.. document.RootElement.EnumerateArray().Select(static element => element.GetRawText())];
    }

    /// <summary>A clock of ten million ticks a second, as on some systems: timestamps are not nanoseconds.</summary>
    private sealed class SlowClock : TimeProvider
    {
        public override long TimestampFrequency => 10_000_000;
    }
}
