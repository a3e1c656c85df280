using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace InferenceServer.Microbenchmarks.Reports;

/// <summary>How it is measured, and what is written of it.</summary>
internal static class MicrobenchmarkConfig
{
    /// <summary>Makes it.</summary>
    /// <param name="isLong">True for as many repetitions as the library wants; otherwise three, which tell what is far off and take seconds.</param>
    public static IConfig Create(bool isLong) => ManualConfig.CreateEmpty()
        .AddJob((isLong ? Job.Default : Job.ShortRun).WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(new BudgetColumn())
        .AddExporter(MarkdownExporter.GitHub, JsonExporter.Full)
        .AddLogger(ConsoleLogger.Default)
        .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
        .WithOptions(ConfigOptions.Default);
}
