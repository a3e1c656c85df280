using InferenceServer.Host.Trials;
using Xunit;

namespace InferenceServer.Host.Tests.Trials;

public sealed class CrashReportTests
{
    [Theory]
    [InlineData(134, "terminate called after throwing an instance of 'torch::jit::ErrorReport'\n  what():  \nUnknown builtin op: a::b.\nIt may not exist.\n:\n  File \"code/__torch__.py\", line 9\n    secret", "signal 6: Unknown builtin op: a::b. It may not exist.")]
    [InlineData(139, "", "signal 11")]
    [InlineData(1, "\n\n", "exit code 1")]
    [InlineData(134, "Process terminated.\n   at Some.Place()\n", "signal 6: Process terminated.")]
    [InlineData(134, "  what(): frame \nframe #0: 0x77", "signal 6: frame")]
    public void Read_WhatAProcessLeft_IsOneLine(int code, string errors, string expected) => Assert.Equal(expected, CrashReport.Read(code, errors));

    [Fact]
    public void Read_EndlessWords_AreCutShort() => Assert.True(CrashReport.Read(134, "what(): " + new string('x', 10_000)).Length < 600);
}
