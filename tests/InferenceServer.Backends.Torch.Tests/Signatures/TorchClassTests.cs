using InferenceServer.Backends.Torch.Signatures;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Signatures;

public sealed class TorchClassTests
{
    private const string Code = """
        class First(Module):
          __parameters__ = []
          def forward(self: __torch__.First,
            x: Tensor) -> Tensor:
            return x
        class Net(Module):
          __buffers__ = ["n", ]
          n : Tensor
          training : bool
          def forward(self: __torch__.Net,
            x: Tensor,
            msg: str="Expected ({}, got [), it's",
            hx: Optional[Tuple[Tensor, Tensor]]=None,
            k: int=3) -> Tuple[Tensor, Dict[str, Tensor]]:
            return (x, {"x": x})

          def reset(self: __torch__.Net) -> NoneType:
            return None
        class Pair(NamedTuple):
          first : Tensor
          second : Optional[Tensor]
        def helper(x: Tensor) -> Tensor:
          return x

        """;

    private static readonly TypeReader s_types = new(static _ => null);

    [Fact]
    public void FindMethod_DefaultsOfEveryKind_AreRead()
    {
        var (self, method) = Find("Net").FindMethod("forward", s_types)!.Value;
        Assert.Equal("self: __torch__.Net", self);
        Assert.Equal(["x", "msg", "hx", "k"], method.Parameters.Select(static one => one.Name));
        Assert.Equal([false, true, true, true], method.Parameters.Select(static one => one.HasDefault));
        Assert.Equal(["Tensor", "str", "Optional[Tuple[Tensor, Tensor]]", "int"], method.Parameters.Select(static one => one.Type.Text));
        Assert.Equal("Tuple[Tensor, Dict[str, Tensor]]", method.Result.Text);
    }

    [Fact]
    public void FindMethod_FirstClassOfTheFile_IsItsOwn() => Assert.Equal("self: __torch__.First", Find("First").FindMethod("forward", s_types)!.Value.Self);

    [Fact]
    public void FindMethod_Unknown_IsNull() => Assert.Null(Find("Net").FindMethod("forwar", s_types));

    [Fact]
    public void Methods_OfTheClassAlone() => Assert.Equal(["forward", "reset"], Find("Net").Methods);

    [Fact]
    public void End_IsThatOfTheBody() => Assert.StartsWith("class Pair", Code[Find("Net").End..], StringComparison.Ordinal);

    [Fact]
    public void Fields_OfANamedTuple() => Assert.Equal([("first", "Tensor"), ("second", "Optional[Tensor]")], TorchClass.Find(Code, "Pair", "NamedTuple")!.Fields);

    [Theory]
    [InlineData("Nothing", "Module")]
    [InlineData("Pair", "Module")]
    [InlineData("et", "Module")]
    public void Find_NoSuchClass_IsNull(string name, string parent) => Assert.Null(TorchClass.Find(Code, name, parent));

    [Theory]
    [InlineData("class Net(Module):\n  def forward(self: T")]
    [InlineData("class Net(Module):\n  def forward(self: T)")]
    [InlineData("class Net(Module):\n  def forward(self: T) -> Tensor")]
    [InlineData("class Net(Module):\n  def forward() -> Tensor:\n")]
    [InlineData("class Net(Module):\n  def forward(self: T, x: str=\"(")]
    public void FindMethod_CodeThatBreaksOff_IsNull(string code) => Assert.Null(TorchClass.Find(code, "Net", "Module")!.FindMethod("forward", s_types));

    private static TorchClass Find(string name) => TorchClass.Find(Code, name, "Module")!;
}
