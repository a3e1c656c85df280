using InferenceServer.Backends.Torch.Archives;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Archives;

public sealed class StateChangeTests
{
    [Theory]
    [InlineData(true, "    s.n = torch.add(n, x)")]
    [InlineData(true, "      self.cache = torch.cat([a, b])")]
    [InlineData(true, "    n = s.n\n    _0 = torch.zero_(n)")]
    [InlineData(true, "    _0 = torch.add_(s.n, x)")]
    [InlineData(true, "    _0 = torch.copy_((self).n, x)")]
    [InlineData(false, "    n = s.n\n    m = torch.add(n, x)")]
    [InlineData(false, "    y = torch.relu_(x)")]
    [InlineData(false, "    c1 = s.c1\n    y = torch.relu_((c1).forward(x, ))")]
    [InlineData(false, "    self.num_batches_tracked = torch.add(num_batches_tracked, 1)")]
    [InlineData(false, "    num_batches_tracked = self.num_batches_tracked\n    _0 = torch.add_(num_batches_tracked, 1)")]
    [InlineData(false, "  n : Tensor\n  k : Final[int] = 3")]
    public void IsIn_Line_IsAsExpected(bool expected, string code) => Assert.Equal(expected, StateChange.IsIn($"class M(Module):\n  def forward(s: M,\n    x: Tensor) -> Tensor:\n{code}\n    return x\n"));
}
