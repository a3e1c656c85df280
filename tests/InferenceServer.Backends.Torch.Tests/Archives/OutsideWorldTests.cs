using InferenceServer.Backends.Torch.Archives;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Archives;

public sealed class OutsideWorldTests
{
    [Theory]
    [InlineData("save", "    _0 = torch.save(x, \"/etc/cron.d/a\")")]
    [InlineData("from_file", "    x = torch.from_file(\"/etc/passwd\", False, 10)")]
    [InlineData("from_file", "    x = ops.aten.from_file(\"/etc/passwd\", False, 10)")]
    [InlineData("save", "    f = torch . \\\n save\n    f(x, \"a\")")]
    [InlineData("torch.classes.dist_c10d", "    p : __torch__.torch.classes.dist_c10d.ProcessGroup")]
    [InlineData(null, "    w : __torch__.torch.classes.quantized.LinearPackedParamsBase")]
    [InlineData(null, "    y = torch.relu(x)\n    saved = x\n    from_filed = y")]
    [InlineData(null, "    num_classes : int")]
    public void FindIn_Code_IsWhatReachesOut(string? expected, string code) => Assert.Equal(expected, OutsideWorld.FindIn(code));
}
