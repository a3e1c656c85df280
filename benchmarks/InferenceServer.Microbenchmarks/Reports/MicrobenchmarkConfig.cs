using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Order;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Perfolizer.Metrology;

namespace InferenceServer.Microbenchmarks.Reports;

/// <summary>How it is measured, and what is written of it.</summary>
internal static class MicrobenchmarkConfig
{
    private const int LongestCase = 40;

    private static readonly TimeInterval s_shortIteration = TimeInterval.FromMilliseconds(100);

    /// <summary>Makes it.</summary>
    /// <param name="isLong">True for as many repetitions as the library wants; otherwise three, which tell what is far off and take seconds.</param>
    public static IConfig Create(bool isLong) => ManualConfig.CreateEmpty()
        .AddJob((isLong ? Job.Default : Job.ShortRun.WithIterationTime(s_shortIteration)).WithToolchain(InProcessEmitToolchain.Instance))
        .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
        .AddColumnProvider(DefaultColumnProviders.Instance)
        .AddColumn(new BudgetColumn())
        .AddExporter(MarkdownExporter.Default, JsonExporter.Full)
        .AddLogger(ConsoleLogger.Default)
        .WithOrderer(new DefaultOrderer(SummaryOrderPolicy.Declared))
        .WithSummaryStyle(SummaryStyle.Default.WithMaxParameterColumnWidth(LongestCase).WithSizeUnit(SizeUnit.B));
}
