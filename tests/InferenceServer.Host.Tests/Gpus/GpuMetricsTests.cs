using InferenceServer.Host.Gpus;
using InferenceServer.Host.Metrics;
using InferenceServer.Testing.Native;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace InferenceServer.Host.Tests.Gpus;

public sealed class GpuMetricsTests
{
    private static readonly string s_source = Path.Combine("nvml", "nvml.c");

    [Fact]
    public void Devices_AreToldUnderTritonsNames_AsFarAsTheyTell()
    {
        using var library = new CompiledLibrary(s_source, NvmlReader.LibraryName);
        var time = new FakeTimeProvider();
        var metrics = new GpuMetrics(new NvmlReader(library.FullPath), time, TimeSpan.FromSeconds(2));
        var text = Scrape(metrics);
        Assert.Contains("# TYPE nv_gpu_utilization gauge\nnv_gpu_utilization{gpu_uuid=\"GPU-one\"} 0.25\nnv_gpu_utilization{gpu_uuid=\"GPU-two\"} 0.25\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_memory_total_bytes{gpu_uuid=\"GPU-one\"} 1099511627776\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_memory_used_bytes{gpu_uuid=\"GPU-one\"} 549755813888\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_power_usage{gpu_uuid=\"GPU-one\"} 70.5\n", text, StringComparison.Ordinal);
        Assert.Contains("nv_gpu_power_limit{gpu_uuid=\"GPU-one\"} 300\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nv_gpu_power_usage{gpu_uuid=\"GPU-two\"}", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE nv_energy_consumption counter\nnv_energy_consumption{gpu_uuid=\"GPU-one\"} 0\n", text, StringComparison.Ordinal);

        // Asked again too soon, the devices are left alone.
        Assert.Equal(text, Scrape(metrics));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("nv_energy_consumption{gpu_uuid=\"GPU-one\"} 3\n", Scrape(metrics), StringComparison.Ordinal);
    }

    [Fact]
    public void MachineWithoutTheLibrary_OrWithAnOlderOne_HasNoSuchFamilies()
    {
        using var older = new CompiledLibrary(s_source, NvmlReader.LibraryName, "WITHOUT_ENERGY");
        foreach (var library in new[] { older.FullPath, "libnvidia-ml-that-nobody-has.so.1" })
        {
            Assert.Equal("", Scrape(new GpuMetrics(new NvmlReader(library), new FakeTimeProvider(), TimeSpan.FromSeconds(2))));
        }
    }

    private static string Scrape(GpuMetrics metrics)
    {
        var text = new MetricsText();
        foreach (var section in metrics.Sections())
        {
            section(text);
        }

        return text.ToString();
    }
}
