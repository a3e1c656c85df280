using InferenceServer.Backends.Torch.Signatures;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Signatures;

public sealed class TypeReaderTests
{
    [Theory]
    [InlineData("Tensor", "Tensor")]
    [InlineData("str", "Text")]
    [InlineData(" int ", "Int")]
    [InlineData("float", "Float")]
    [InlineData("bool", "Bool")]
    [InlineData("Optional[Tensor]", "Optional(Tensor)")]
    [InlineData("List[str]", "List(Text)")]
    [InlineData("Dict[str, Tensor]", "Dictionary(Text,Tensor)")]
    [InlineData("Tuple[Tensor, Tuple[Tensor, List[int]]]", "Tuple(Tensor,Tuple(Tensor,List(Int)))")]
    [InlineData("Optional[Tuple[Tensor, Tensor]]", "Optional(Tuple(Tensor,Tensor))")]
    [InlineData("__torch__.Pair", "Tuple(a=Tensor,b=Optional(Text))")]
    [InlineData("__torch__.Missing", "Other()")]
    [InlineData("Device", "Other()")]
    [InlineData("Future[Tensor]", "Other(Tensor)")]
    [InlineData("Tuple[]", "Other()")]
    [InlineData("List[Tensor", "Other()")]
    [InlineData("List[Tensor] x", "Other()")]
    public void Read_Type_IsItsKindAndParts(string text, string expected)
    {
        var type = new TypeReader(static name => name == "__torch__.Pair" ? [("a", "Tensor"), ("b", "Optional[str]")] : null).Read(text);
        Assert.Equal(expected, Describe(type));
    }

    [Fact]
    public void Read_ClassThatHoldsItself_Ends() =>
        Assert.Equal(TorchTypeKind.Tuple, new TypeReader(static _ => [("next", "__torch__.Self")]).Read("__torch__.Self").Kind);

    [Fact]
    public void Read_DeepType_IsRefusedAndNotFollowed()
    {
        var text = string.Concat(Enumerable.Repeat("List[", 10_000)) + "Tensor" + new string(']', 10_000);
        Assert.Equal(TorchTypeKind.List, new TypeReader(static _ => null).Read(text).Kind);
    }

    private static string Describe(TorchType type) => type.Parts.IsEmpty && type.Kind != TorchTypeKind.Other
        ? $"{type.Kind}"
        : $"{type.Kind}({string.Join(',', type.Parts.Select((part, i) => (type.PartNames.IsEmpty ? "" : type.PartNames[i] + "=") + Describe(part)))})";
}
