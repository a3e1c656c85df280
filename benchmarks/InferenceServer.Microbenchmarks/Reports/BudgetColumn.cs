using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using InferenceServer.Microbenchmarks.Budgets;
using InferenceServer.Microbenchmarks.Stages;

namespace InferenceServer.Microbenchmarks.Reports;

/// <summary>What a stage may allocate, beside what it does. A floor has no budget.</summary>
internal sealed class BudgetColumn : IColumn
{
    public string Id => nameof(BudgetColumn);

    public string ColumnName => "Budget";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Metric;

    /// <summary>Behind the allocations.</summary>
    public int PriorityInCategory => int.MaxValue;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Size;

    public string Legend => "What the tests let one operation allocate on the managed heap";

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var method = benchmarkCase.Descriptor.WorkloadMethod.GetCustomAttribute<BenchmarkAttribute>()?.Description ?? "";
        var given = benchmarkCase.Parameters.Items.Select(static item => item.Value).FirstOrDefault();
        var stage = (given as StageEntry)?.Stage ?? method;
        return StageCatalog.IsBudgeted(stage, given) && AllocationBudgets.Find(stage) is { } budget ? string.Create(CultureInfo.InvariantCulture, $"{budget.Here} B") : "-";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
}
