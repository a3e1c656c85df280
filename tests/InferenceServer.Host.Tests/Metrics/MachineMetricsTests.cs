using System.IO.Abstractions.TestingHelpers;
using InferenceServer.Host.Metrics;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Metrics;

public sealed class MachineMetricsTests
{
    private readonly MockFileSystem _files = new();
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Write_AfterAnInterval_ShowsTheShareThatWasBusySince()
    {
        Stat("cpu  100 0 100 700 100 0 0 0 50 50");
        _files.AddFile("/proc/meminfo", new MockFileData("MemTotal:        2000 kB\nMemFree:          100 kB\nMemAvailable:     500 kB\n"));
        var metrics = new MachineMetrics(_files, _time, TimeSpan.FromSeconds(2));
        Assert.Contains("nv_cpu_utilization 0\n", Write(metrics), StringComparison.Ordinal);

        Stat("cpu  160 5 110 715 105 2 1 2 60 60\ncpu0 1 1 1 1");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("nv_cpu_utilization 0\n", Write(metrics), StringComparison.Ordinal);

        _time.Advance(TimeSpan.FromSeconds(1));
        var text = Write(metrics);
        Assert.Contains("# TYPE nv_cpu_utilization gauge\nnv_cpu_utilization 0.8\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_cpu_memory_total_bytes 2048000\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_cpu_memory_used_bytes 1536000\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("cpu  1 2 x 4 5 6", "MemTotal: 10 kB\n")]
    [InlineData("intr 1 2 3 4 5 6", "MemTotal: ten kB\nMemAvailable: 1 kB")]
    [InlineData("cpu 1 2 3", "MemTotal: 10 MB\nMemAvailable: 1 kB")]
    public void Write_FilesOfAnotherForm_ShowsNothing(string stat, string meminfo)
    {
        Stat(stat);
        _files.AddFile("/proc/meminfo", new MockFileData(meminfo));

        Assert.Equal("", Write(new MachineMetrics(_files, _time, TimeSpan.FromSeconds(2))));
    }

    [Fact]
    public void Write_NoFiles_ShowsNothing() => Assert.Equal("", Write(new MachineMetrics(_files, _time, TimeSpan.FromSeconds(2))));

    private void Stat(string content) => _files.AddFile("/proc/stat", new MockFileData(content));

    private static string Write(MachineMetrics metrics)
    {
        var text = new MetricsText();
        metrics.Write(text);
        return text.ToString();
    }
}
