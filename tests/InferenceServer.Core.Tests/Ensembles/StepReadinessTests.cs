using InferenceServer.Core.Ensembles;
using Xunit;

namespace InferenceServer.Core.Tests.Ensembles;

/// <summary>When a step runs, as a table: P is a tensor that is there, - one that will not be, ? one that may still come.</summary>
public sealed class StepReadinessTests
{
    [Theory]
    [InlineData("PP", "Run")]
    [InlineData("P?", "Wait")]
    [InlineData("?-", "Wait", 1)]
    [InlineData("P-", "Skip")]
    [InlineData("?-", "Skip")]
    [InlineData("P-", "Run", 1)]
    [InlineData("--", "Skip", 1, 0)]
    public void Inputs_Decide(string states, string expected, params int[] optional) =>
        Assert.Equal(expected, $"{StepReadiness.Decide(Step(null, optional), [], Read(states), isTrue: false)}");

    [Theory]
    [InlineData("PPP", true, false, "Run")]
    [InlineData("PPP", false, false, "Skip")]
    [InlineData("PPP", true, true, "Skip")]
    [InlineData("PPP", false, true, "Run")]
    [InlineData("PP?", false, false, "Wait")]
    [InlineData("PP-", true, false, "Skip")]
    [InlineData("PP-", false, true, "Skip")]
    [InlineData("??P", false, false, "Skip")]
    [InlineData("?PP", true, false, "Wait")]
    [InlineData("-PP", true, false, "Skip")]
    public void Condition_Decides(string states, bool isTrue, bool isNegated, string expected) =>
        Assert.Equal(expected, $"{StepReadiness.Decide(Step(new PlanCondition(2, isNegated), []), [], Read(states), isTrue)}");

    [Theory]
    [InlineData("PPP", "Run")]
    [InlineData("PP?", "Wait")]
    [InlineData("PP-", "Run")]
    public void WhatIsReadWithTheResponses_IsWaitedFor(string states, string expected) =>
        Assert.Equal(expected, $"{StepReadiness.Decide(Step(null, []), [2], Read(states), isTrue: false)}");

    private static TensorState[] Read(string states) => [.. states.Select(static state => state switch { 'P' => TensorState.Present, '-' => TensorState.Absent, _ => TensorState.Pending })];

    private static PlanStep Step(PlanCondition? condition, int[] optional) => new()
    {
        Model = "m",
        Version = "",
        Words = "step[0]",
        Inputs = [.. Enumerable.Range(0, 2).Select(i => new PlanInput($"I{i}", i) { IsOptional = optional.Contains(i) })],
        Outputs = [new PlanOutput("O", 3)],
        Condition = condition,
    };
}
