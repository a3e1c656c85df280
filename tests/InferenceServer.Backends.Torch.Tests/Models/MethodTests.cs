using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Models;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.TestKit.Batches;
using InferenceServer.Backends.TestKit.Memory;
using InferenceServer.Testing.Torch;
using Xunit;

namespace InferenceServer.Backends.Torch.Tests.Models;

/// <summary>Methods of every form, by models that are made for it.</summary>
public sealed class MethodTests
{
    private static readonly TestTensor s_x = TestTensor.Fp32("x", new TensorShape(2), 1, 2);

    [Theory]
    [InlineData("x: Tensor) -> Tensor", "return torch.add(x, 1)")]
    [InlineData("x: Tensor) -> List[Tensor]", "return [torch.add(x, 1)]")]
    [InlineData("x: Tensor) -> Tuple[Tensor]", "return (torch.add(x, 1),)")]
    [InlineData("x: Tensor) -> Tuple[Tensor, Optional[Tensor]]", "return (torch.add(x, 1), None)")]
    [InlineData("x: Tensor) -> Optional[Tensor]", "return torch.add(x, 1)")]
    [InlineData("x: Tensor) -> Tuple[Tuple[Tensor], int]", "return ((torch.add(x, 1),), 3)")]
    [InlineData("x: Tensor,\n    y: Optional[Tensor]) -> Tensor", "return torch.add(x, 1)")]
    [InlineData("x: Tensor,\n    y: Optional[Tensor]=None,\n    k: int=1) -> Tensor", "return torch.add(x, k)")]
    [InlineData("x: List[Tensor]) -> Tensor", "return torch.add(x[0], 1)")]
    [InlineData("x: Tuple[Tensor]) -> Tensor", "return torch.add((x)[0], 1)")]
    [InlineData("x: Optional[Tuple[Tensor]]) -> Tensor", "y = unchecked_cast(Tuple[Tensor], x)\nreturn torch.add((y)[0], 1)")]
    [InlineData("x: Tensor) -> __torch__.Pair", "return __torch__.Pair(torch.add(x, 1), x)")]
    [InlineData("x: Tensor) -> Tensor", "return torch.add_(x, 1)")]
    [InlineData("x: Tensor) -> Tensor", "return torch.t(torch.t(torch.expand(torch.add(x, 1), [2])))")]
    public async Task Call_OneTensor_GivesOneMore(string head, string body)
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 2)], Outputs = [ScriptModel.Fp32("first", 2)] }
            .LoadAsync(head, body, "class Pair(NamedTuple):\n  first : Tensor\n  second : Tensor\n");
        Assert.Equal([2, 3], SingleRun.Of(model, s_x)["first"].As<float>());
        Assert.Equal([1, 2], s_x.As<float>());
    }

    [Fact]
    public async Task Call_NamesOfParameters_GoBeforeTheirOrder()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("b", 1), ScriptModel.Fp32("a", 1)], Outputs = [ScriptModel.Fp32("y", 1)] }
            .LoadAsync("a: Tensor,\n    b: Tensor) -> Tensor", "return torch.sub(a, b)");
        Assert.Equal(4, Run(model, Scalar("b", 1), Scalar("a", 5))["y"].As<float>()[0]);
    }

    [Fact]
    public async Task Call_ParameterInFrontLeftOut_HasItsDefault()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 1), ScriptModel.Int64("n", 1)], Outputs = [ScriptModel.Fp32("y", 1)] }
            .LoadAsync("x: Tensor,\n    k: float=10.,\n    n: int=1) -> Tensor", "return torch.add(torch.mul(x, k), n)");
        Assert.Equal(27, Run(model, Scalar("x", 2), TestTensor.Int64("n", new TensorShape(1), 7))["y"].As<float>()[0]);
    }

    [Fact]
    public async Task Call_NumbersAndTextsAndTruth_ComeAndGo()
    {
        var model = new ScriptModel
        {
            Inputs = [ScriptModel.Int64("n", 1), new TensorSpec("f", TensorDataType.Fp64, new TensorShape(1)), new TensorSpec("b", TensorDataType.Bool, new TensorShape(1)), ScriptModel.Text("t", 1), ScriptModel.Text("list", -1)],
            Outputs =
            [
                ScriptModel.Int64("OUTPUT__0", 1), new TensorSpec("OUTPUT__1", TensorDataType.Fp32, new TensorShape(1)), new TensorSpec("OUTPUT__2", TensorDataType.Bool, new TensorShape(1)),
                ScriptModel.Text("OUTPUT__3", 1), ScriptModel.Text("OUTPUT__4", -1), ScriptModel.Int64("OUTPUT__5", -1), new TensorSpec("OUTPUT__6", TensorDataType.Fp64, new TensorShape(-1)),
            ],
        };
        using var loaded = await model.LoadAsync(
            "n: int,\n    f: float,\n    b: bool,\n    t: str,\n    list: List[str]) -> Tuple[int, float, bool, str, List[str], List[int], List[float]]",
            "return (torch.add(n, 1), torch.mul(f, 2.), torch.__not__(b), torch.add(t, \"!\"), list, [n, torch.len(list)], [f])");
        var result = Run(
            loaded,
            TestTensor.Int64("n", new TensorShape(1), 41),
            TestTensor.Of("f", TensorDataType.Fp64, new TensorShape(1), 1.25),
            TestTensor.Of<byte>("b", TensorDataType.Bool, new TensorShape(1), 1),
            TestTensor.Text("t", new TensorShape(1), "grüße"),
            TestTensor.Text("list", new TensorShape(3), "a\0b", "", "ÿ"));
        Assert.Equal([42], result["OUTPUT__0"].As<long>());
        Assert.Equal([2.5f], result["OUTPUT__1"].As<float>());
        Assert.Equal([0], result["OUTPUT__2"].As<byte>());
        Assert.Equal(["grüße!"], result["OUTPUT__3"].Texts());
        Assert.Equal(["a\0b", "", "ÿ"], result["OUTPUT__4"].Texts());
        Assert.Equal([41, 3], result["OUTPUT__5"].As<long>());
        Assert.Equal([1.25], result["OUTPUT__6"].As<double>());
    }

    [Fact]
    public async Task Call_OptionalInput_MayBeLeftOut()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 1), ScriptModel.Fp32("y", 1) with { IsOptional = true }], Outputs = [ScriptModel.Fp32("z", 1)] }
            .LoadAsync(
                "x: Tensor,\n    y: Optional[Tensor]) -> Tensor",
                """
                if torch.__is__(y, None):
                  z = x
                else:
                  z = torch.add(x, unchecked_cast(Tensor, y))
                return z
                """);
        Assert.Equal(1, Run(model, Scalar("x", 1))["z"].As<float>()[0]);
        Assert.Equal(3, Run(model, Scalar("x", 1), Scalar("y", 2))["z"].As<float>()[0]);
    }

    [Fact]
    public async Task Call_DictionaryWithOddKeys_TakesAndGivesThem()
    {
        const string key = "a \"quoted\" \\ key, ü";
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32(key, 1)], Outputs = [ScriptModel.Fp32(key, 1)] }
            .LoadAsync("x: Dict[str, Tensor]) -> Dict[str, Tensor]", "return x");
        Assert.Equal(5, Run(model, Scalar(key, 5))[key].As<float>()[0]);
    }

    [Fact]
    public async Task Call_KeyThatTheModelDoesNotGive_IsAnError()
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("a", 1)], Outputs = [ScriptModel.Fp32("b", 1)] }
            .LoadAsync("x: Dict[str, Tensor]) -> Dict[str, Tensor]", "return x");
        Assert.Contains("KeyError: b", Assert.Throws<BackendException>(() => Run(model, Scalar("a", 5))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x: Tensor) -> List[Tensor]", "return [x]", "output 'OUTPUT__1' has place 1 in what the model gives, and it gives 1 values")]
    [InlineData("x: Tensor) -> Tuple[Tensor, Optional[Tensor]]", "return (x, None)", "the model gives nothing for output 'OUTPUT__1'")]
    [InlineData("x: Tensor) -> Tuple[List[str], Optional[Tensor]]", "return ([\"a\"], None)", "the model failed: the model gives nothing for output 'OUTPUT__1'")]
    [InlineData("x: Tensor) -> Tuple[Tensor, Tensor]", "return (x, torch.to(x, 7))", "output 'OUTPUT__1' is configured as FP32, and the model gives FP64")]
    [InlineData("x: Tensor) -> Tuple[Tensor, Tensor]", "return (x, torch.reshape(x, [1, 1, 1, 1, 1, 1, 1, 1, 2]))", "output 'OUTPUT__1' has 9 dimensions, expected at most 8")]
    public async Task Call_ResultThatIsNotAsConfigured_IsAnError(string head, string body, string expected)
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 2)], Outputs = [ScriptModel.Fp32("OUTPUT__1", 2)] }.LoadAsync(head, body);
        Assert.Equal(expected, Assert.Throws<BackendException>(() => SingleRun.Of(model, s_x)).Message);
    }

    [Fact]
    public async Task Call_NamedMethod_IsCalled()
    {
        var model = new ScriptModel { Inputs = [ScriptModel.Fp32("x", 2)], Outputs = [ScriptModel.Fp32("y", 2)], Parameters = { ["MODULE_METHOD_NAME"] = "twice" } };
        using var loaded = await model.LoadAsync(ScriptArchive.Of(
            "  def forward(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    return x\n  def twice(s: __torch__.Model,\n    x: Tensor) -> Tensor:\n    return torch.mul(x, 2)\n"));
        Assert.Equal([2, 4], SingleRun.Of(loaded, s_x)["y"].As<float>());
    }

    [Theory]
    [InlineData("DISABLE_OPTIMIZED_EXECUTION", "true")]
    [InlineData("INFERENCE_MODE", "false")]
    [InlineData("INTRA_OP_THREAD_COUNT", "2")]
    public async Task Call_Parameter_ChangesNoAnswer(string key, string value)
    {
        using var model = await new ScriptModel { Inputs = [ScriptModel.Fp32("x", 2)], Outputs = [ScriptModel.Fp32("y", 2)], Parameters = { [key] = value } }.LoadAsync("x: Tensor) -> Tensor", "return torch.mul(x, 2)");
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal([2, 4], SingleRun.Of(model, s_x)["y"].As<float>());
        }
    }

    private static TestTensor Scalar(string name, float value) => TestTensor.Fp32(name, new TensorShape(1), value);

    private static Dictionary<string, TestTensor> Run(IBackendModel model, params TestTensor[] inputs)
    {
        var allocator = new NativeTensorAllocator();
        using var instance = model.CreateInstance(new InstancePlacement("test_0", InstanceKind.Cpu, 0));
        using var batch = new TestExecutionBatch(model.Signature, allocator, inputs);
        instance.Execute(batch);
        return model.Signature.Outputs.ToDictionary(static output => output.Name, output => batch.Output(output.Name));
    }
}
